import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { capture } from "../setup/capture.js";
import { isExecutable, onMachine, root } from "../setup/paths.js";
import { versionIn } from "./version.js";

/** What a folder must hold to be an engine: the engine, its Node language host, its launcher of dynamic providers. */
export const engineFiles = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"];

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{file: string, version: string, complete: boolean} | undefined>} the pulumi that the user would get
 */
export async function pulumiOnMachine(env) {
  const [file] = onMachine("pulumi", env);
  if (file === undefined) return undefined;
  const version = await pulumiVersion(file, env);
  if (version === undefined) return undefined;
  const folders = [dirname(file), dirname(realpathSync(file))];
  const complete = engineFiles.every(
    (name) => folders.some((folder) => isExecutable(join(folder, name))) || onMachine(name, env).length > 0,
  );
  return { file, version, complete };
}

/**
 * @param {string} file path of a pulumi
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string | undefined>} undefined when it does not run
 */
export async function pulumiVersion(file, env) {
  const { code, stdout } = await capture(file, ["version"], { env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" } });
  return code === 0 ? versionIn(stdout) : undefined;
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{file: string, version: string} | undefined>}
 */
export async function goOnMachine(env) {
  const [file] = onMachine("go", env);
  if (file === undefined) return undefined;
  const { stdout } = await capture(file, ["version"], { cwd: root, env: { ...env, GOTOOLCHAIN: "local" } });
  const version = versionIn(stdout);
  return version === undefined ? undefined : { file, version };
}
