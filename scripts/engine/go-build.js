import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { capture } from "../setup/capture.js";
import { elapsed, withTicks } from "../setup/progress.js";
import { SetupError } from "../setup/setup-error.js";
import { diskFull } from "./cache.js";
import { pulumiVersion } from "./machine.js";
import { engineVersion } from "./version.js";

/** Each binary has a module of its own, because the two need different releases of the same packages. */
const binaries = [
  {
    name: "pulumi-language-nodejs",
    module: "language-nodejs",
    goPackage: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
  },
  { name: "pulumi", module: "pulumi", goPackage: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
];
const versionVariable = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/**
 * Builds the engine from its Go modules.
 * @param {string} folder its `bin` gets the binaries
 * @param {{file: string, version: string}} go
 * @param {object} options
 * @param {NodeJS.ProcessEnv} options.env
 * @param {AbortSignal} [options.signal]
 * @param {import("../setup/progress.js").Progress} options.progress
 * @param {(pid: number) => void} options.onStart told of every compiler process
 * @throws {SetupError} when a build fails, or what came out does not run
 */
export async function buildWithGo(folder, go, { env, signal, progress, onStart }) {
  const since = Date.now();
  const scratch = join(folder, "go-tmp");
  mkdirSync(scratch);
  let compiled = 0;
  let downloaded = 0;
  let log = "";
  const onOutput = (/** @type {string} */ text) => {
    log += text;
    // With -v, go prints a line per package; its own messages start with its name.
    for (const line of text.split("\n")) {
      if (line.startsWith("go: downloading ")) downloaded += 1;
      else if (line !== "" && !line.startsWith("go: ")) compiled += 1;
    }
  };
  const how = () => `${elapsed(since)}, ${downloaded} modules downloaded, ${compiled} packages compiled`;

  progress.onProgress(`Building Pulumi ${engineVersion} with Go ${go.version}: takes about five minutes, once`);
  await withTicks(
    progress,
    () => `Building Pulumi ${engineVersion}: ${how()}`,
    async () => {
      for (const { name, module, goPackage } of binaries) {
        const output = join(folder, "bin", name);
        const ldflags = `-s -w -X ${versionVariable}=v${engineVersion}`;
        const args = ["build", "-v", "-trimpath", "-ldflags", ldflags, "-o", output, goPackage];
        const cwd = fileURLToPath(new URL(module, import.meta.url));
        const run = await capture(go.file, args, { cwd, env: goEnv(env, scratch), signal, onOutput, onStart });
        if (run.code !== 0) throw explained(log, go, name, folder);
      }
    },
  );
  rmSync(scratch, { recursive: true });
  await verify(folder, env);
  progress.onProgress(`Built Pulumi ${engineVersion} in ${elapsed(since)}`);
}

/** @param {NodeJS.ProcessEnv} env @param {string} scratch */
function goEnv(env, scratch) {
  return {
    ...env,
    // A flag of the user's, a workspace around this folder, another toolchain or the C compiler must not change what
    // is built. Set, not cleared: an empty variable means "as in `go env -w`".
    GOFLAGS: "-mod=readonly",
    GOWORK: "off",
    GOTOOLCHAIN: "local",
    CGO_ENABLED: "0",
    GOTMPDIR: scratch,
  };
}

/** @param {string} folder @param {NodeJS.ProcessEnv} env */
async function verify(folder, env) {
  const version = await pulumiVersion(join(folder, "bin/pulumi"), env);
  if (version !== engineVersion) {
    throw new SetupError(`the Pulumi that Go built says version ${version ?? "nothing"} instead of ${engineVersion}`);
  }
  const host = await capture(join(folder, "bin/pulumi-language-nodejs"), ["-h"], { env });
  if (host.code !== 0) throw new SetupError("the Node language host that Go built does not run");
}

/**
 * @param {string} log everything that go printed
 * @param {{version: string}} go
 * @param {string} name the binary that failed
 * @param {string} folder
 * @returns {SetupError}
 */
function explained(log, go, name, folder) {
  if (/no space left on device|disk quota exceeded/i.test(log)) return diskFull(dirname(folder));
  const logFile = join(dirname(folder), "go-build.log");
  writeFileSync(logFile, log);
  const last = log.trim().split("\n").at(-1) ?? "";
  return new SetupError(
    `building ${name} with Go ${go.version} failed: ${last} (everything it said is in ${logFile}); mend that, ` +
      `or install Pulumi ${engineVersion} or newer (https://www.pulumi.com/docs/install/), and run this again`,
  );
}
