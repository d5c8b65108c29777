import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { engine, engineEnv } from "../../scripts/engine/index.js";
import { runCommands } from "./documents.ts";

const root = join(import.meta.dirname, "../..");

export interface PulumiRun {
  code: number;
  /** stdout and stderr as they came. */
  output: string;
}

/** A run that goes on; it is in nobody's way when it is killed. */
export interface StartedRun {
  pid: number;
  kill(signal: NodeJS.Signals): void;
  /** stdout and stderr so far. */
  output(): string;
  ended: Promise<PulumiRun>;
}

/** A Pulumi stack with state of its own. */
export interface TestStack {
  /** Holds the program's Pulumi.yaml, the config, and all of the state. */
  folder: string;
  pulumi(...args: string[]): Promise<PulumiRun>;
  /** Runs commands as somebody would who has this stack before them; throws when one fails. */
  shell(commands: string): Promise<string>;
  /** Sets a secret of the config, without telling it to other processes. */
  setSecret(key: string, value: string): Promise<void>;
  /** Starts a run that is to be broken off. */
  start(...args: string[]): StartedRun;
  /** Counts of the last update's operations: `{create: 6}`. */
  changes(): Promise<Record<string, number>>;
  outputs(): Promise<Record<string, unknown>>;
  /** The checkpoint as it lies on disk. */
  state(): Promise<string>;
  remove(): void;
}

/**
 * A stack of the repository's program, with config of its own.
 * @param env points the deployment at a RunPod
 * @param what the app.json to deploy, or a program to run in place of the repository's
 */
export async function createTestStack(
  env: Record<string, string>,
  { app = join(root, "apps/demo/app.json"), program = join(root, "index.ts") } = {},
): Promise<TestStack> {
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-stack-"));
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    `name: comfy-endpoints\nmain: ${relative(folder, program)}\nruntime: {name: nodejs, options: {typescript: false}}\n`,
  );
  const stack = await createStackOf(folder, env);
  await stack.pulumi("config", "set", "comfy-endpoints:app", app);
  return stack;
}

/**
 * The stack of a folder, a new one or the one there is.
 * @param folder holds the program with its Pulumi.yaml; the state is put there too, and `remove` removes it
 * @param env points the deployment at a RunPod
 */
export async function createStackOf(folder: string, env: Record<string, string>): Promise<TestStack> {
  mkdirSync(join(folder, "backend"), { recursive: true });
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
    const child = spawn(found.pulumi, [...args, "--non-interactive"], {
      cwd: folder,
      env: fullEnv,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const ended = new Promise<PulumiRun>((resolve) =>
      child.once("exit", (code) => {
        const end = () => {
          clearTimeout(late);
          child.stdout.destroy();
          child.stderr.destroy();
          resolve({ code: code ?? 1, output });
        };
        // What a killed run leaves behind keeps the streams open for as long as it lives.
        const late = setTimeout(end, 500);
        child.once("close", end);
      }),
    );
    const { pid } = child;
    if (pid === undefined) throw new Error(`${found.pulumi} does not start`);
    return { pid, kill: (signal) => void child.kill(signal), output: () => output, ended };
  };

  await pulumi("stack", "init", "test");
  return {
    folder,
    pulumi,
    shell: (commands) => runCommands(commands, { cwd: folder, env: fullEnv }),
    setSecret: (key, value) =>
      new Promise((resolve, reject) => {
        const child = spawn(found.pulumi, ["config", "set", "--secret", key], {
          cwd: folder,
          env: fullEnv,
          stdio: ["pipe", "ignore", "inherit"],
        });
        child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`pulumi config set ${key} failed`))));
        child.stdin.end(value);
      }),
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
