import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { engine, engineEnv } from "../../scripts/engine/index.js";

const root = join(import.meta.dirname, "../..");

export interface PulumiRun {
  code: number;
  /** stdout and stderr as they came. */
  output: string;
}

/** A Pulumi stack of the repository's program, with state and config of its own. */
export interface TestStack {
  pulumi(...args: string[]): Promise<PulumiRun>;
  /** Starts a run that is to be broken off. */
  start(...args: string[]): { kill(signal: NodeJS.Signals): void; ended: Promise<void> };
  /** Counts of the last update's operations: `{create: 6}`. */
  changes(): Promise<Record<string, number>>;
  outputs(): Promise<Record<string, unknown>>;
  /** The checkpoint as it lies on disk. */
  state(): Promise<string>;
  remove(): void;
}

/**
 * @param env points the deployment at a RunPod
 * @param app path of the app.json to deploy
 */
export async function createTestStack(
  env: Record<string, string>,
  app = join(root, "apps/demo/app.json"),
): Promise<TestStack> {
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-stack-"));
  mkdirSync(join(folder, "backend"));
  const program = join(root, "index.ts");
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    `name: comfy-endpoints\nmain: ${relative(folder, program)}\nruntime: {name: nodejs, options: {typescript: false}}\n`,
  );
  const found = await engine({ onProgress: () => undefined });
  const fullEnv = engineEnv(found, {
    ...process.env,
    ...env,
    PULUMI_HOME: join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    COMFY_ENDPOINTS_ENV_FILE: join(dirname(folder), "no-such-file.env"),
  });

  const pulumi = (...args: string[]): Promise<PulumiRun> =>
    new Promise((resolve) => {
      const options = { cwd: folder, env: fullEnv, maxBuffer: 64 * 1024 ** 2 };
      execFile(found.pulumi, [...args, "--non-interactive"], options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ code, output: stdout + stderr });
      });
    });
  const json = async (...args: string[]): Promise<unknown> => {
    const run = await new Promise<string>((resolve, reject) => {
      execFile(found.pulumi, args, { cwd: folder, env: fullEnv, maxBuffer: 64 * 1024 ** 2 }, (error, stdout) =>
        error === null ? resolve(stdout) : reject(new Error(error.message, { cause: error })),
      );
    });
    return JSON.parse(run) as unknown;
  };

  const start: TestStack["start"] = (...args) => {
    const child = spawn(found.pulumi, [...args, "--non-interactive"], { cwd: folder, env: fullEnv, stdio: "ignore" });
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    return { kill: (signal) => void child.kill(signal), ended };
  };

  await pulumi("stack", "init", "test");
  await pulumi("config", "set", "comfy-endpoints:app", app);
  return {
    pulumi,
    start,
    changes: async () => {
      const [last] = (await json("stack", "history", "--json", "--page-size", "1")) as {
        resourceChanges?: Record<string, number>;
      }[];
      return last?.resourceChanges ?? {};
    },
    outputs: async () => (await json("stack", "output", "--json", "--show-secrets")) as Record<string, unknown>,
    state: async () => JSON.stringify(await json("stack", "export")),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
