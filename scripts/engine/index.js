import { homedir } from "node:os";
import { dirname, join } from "node:path";
export async function engine() {
  const binDir = join(homedir(), ".cache/comfy-endpoints/engine/3.258.0/bin");
  return { binDir, pulumi: join(binDir, "pulumi"), version: "3.258.0", source: "cache" };
}
export function engineEnv(found, env) {
  return {
    ...env,
    PATH: `${dirname(process.execPath)}:${found.binDir}:${env.PATH}`,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}
