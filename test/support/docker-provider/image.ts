import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { withDockerLogin } from "../../../providers/image/registry/docker-config.ts";
import { ignoredFiles } from "./context-digest.ts";
import type { Daemon } from "./daemon.ts";
import type { ImageInputs } from "./inputs.ts";

/** Builds and pushes an image; returns the outputs that the SDK declares. */
export async function buildAndPush(inputs: ImageInputs, daemon: Daemon): Promise<Record<string, string>> {
  const { imageName, registry } = inputs;
  const { context, dockerfile, platform } = inputs.build;
  const repoDigest = await withLogin(registry, daemon, async (own) => {
    await withContext(inputs.build, (folder) => build(inputs, folder, own));
    return push(inputs, own);
  });
  return {
    ...{ imageName, baseImageName: imageName, repoDigest, registryServer: registry?.server ?? "" },
    ...{ context, dockerfile: relative(context, dockerfile), platform: platform ?? "" },
  };
}

/**
 * [source] Name and password together are lent to the build, which may pull its base from there, and to the push. All else
 * Docker's own configuration has.
 */
function withLogin<T>(
  { server = "", username, password }: NonNullable<ImageInputs["registry"]> = {},
  { docker }: Daemon,
  use: (daemon: Daemon) => Promise<T>,
): Promise<T> {
  const login = server && username && password ? { source: "the inputs", username, password } : undefined;
  return withDockerLogin(server, login, process.env, (env) =>
    use({ docker: (args, more) => docker(args, { ...env, ...more }) }),
  );
}

/** A copy without what is ignored: the docker command's classic builder reads ignore files otherwise than the plugin. */
async function withContext(
  { context, dockerfile }: ImageInputs["build"],
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "docker-provider-"));
  const ignores = ignoredFiles(context, dockerfile);
  try {
    const filter = (path: string): boolean => path === context || !ignores(relative(context, path));
    cpSync(context, folder, { recursive: true, verbatimSymlinks: true, filter });
    rmSync(join(folder, ".dockerignore"), { force: true });
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function build({ imageName, build: inputs }: ImageInputs, folder: string, { docker }: Daemon): Promise<void> {
  const args = Object.entries(inputs.args).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]);
  const platform = inputs.platform === undefined ? [] : ["--platform", inputs.platform];
  // [measured] The plugin needs no buildx for BuildKit; the docker command does.
  const hasBuildKit = await docker(["buildx", "version"]).then(
    () => true,
    () => false,
  );
  const isClassic = inputs.builderVersion === "BuilderV1" || !hasBuildKit;
  const files = ["--file", inputs.dockerfile, "--tag", imageName, folder];
  await docker(["build", ...platform, ...args, ...files], isClassic ? { DOCKER_BUILDKIT: "0" } : {});
}

/** [measured] By digest, as the registry answered the push. */
async function push({ imageName }: ImageInputs, { docker }: Daemon): Promise<string> {
  const said = await docker(["push", imageName]).catch((cause: unknown) => {
    const { stderr } = cause as { stderr?: string };
    throw new Error(`error reading push output: ${stderr?.trim() ?? String(cause)}`, { cause });
  });
  const digest = /digest: (sha256:[0-9a-f]{64})/.exec(said)?.[1];
  if (digest === undefined) throw new Error(`docker push told no digest: ${said}`);
  return `${imageName.replace(/:[^:/]*$/, "")}@${digest}`;
}
