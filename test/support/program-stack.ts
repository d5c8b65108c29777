import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocalRunPodOptions } from "../../local/runpod.ts";
import { type StartedRunPod, startLocalRunPod } from "./local-runpod.ts";
import { createTestStack, type PulumiRun, type StartedRun, type TestStack } from "./stack.ts";

export type Inputs = Record<string, unknown>;

/** A stack of one of `test/programs` on a RunPod of its own in this process, whose containers do nothing. */
export interface ProgramStack extends TestStack {
  runpod: StartedRunPod;
  /** Runs `up` with these inputs beside the usual ones. */
  up: (changed?: Inputs, ...flags: string[]) => Promise<PulumiRun>;
  /** Starts an `up` that is to be broken off. */
  startUp: (changed?: Inputs) => StartedRun;
  /** `up` that must succeed. */
  deploy: (changed?: Inputs) => Promise<Record<string, unknown>>;
  preview: (changed?: Inputs) => Promise<PulumiRun>;
  /** Mutations that RunPod saw since the last call of this. */
  mutations: () => string[];
  close: () => Promise<void>;
}

/** Of a deployment's RunPod, and further variables for its runs. */
export interface ProgramStackOptions extends Partial<LocalRunPodOptions> {
  env?: Record<string, string>;
}

/** @param program reads its inputs from the file that TEST_INPUTS_FILE names */
export async function startProgramStack(
  program: "pod" | "storage",
  usual: Inputs,
  { env = {}, ...options }: ProgramStackOptions,
): Promise<ProgramStack> {
  const container = { command: "/bin/sleep", args: ["600"], cwd: tmpdir(), env: {} };
  const runpod = await startLocalRunPod({ container, ...options });
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-program-"));
  const file = join(folder, "inputs.json");
  const stack = await createTestStack(
    { ...runpod.env, ...env, TEST_INPUTS_FILE: file },
    { program: join(import.meta.dirname, `../programs/${program}.ts`) },
  );

  const write = (changed: Inputs): void => writeFileSync(file, JSON.stringify({ ...usual, ...changed }));
  const up: ProgramStack["up"] = (changed = {}, ...flags) => {
    write(changed);
    return stack.pulumi("up", "--yes", "--skip-preview", ...flags);
  };
  let seen = 0;
  return {
    ...stack,
    runpod,
    up,
    startUp: (changed = {}) => {
      write(changed);
      return stack.start("up", "--yes", "--skip-preview");
    },
    deploy: async (changed) => {
      const run = await up(changed);
      if (run.code !== 0) throw new Error(run.output);
      return stack.outputs();
    },
    preview: (changed = {}) => {
      write(changed);
      return stack.pulumi("preview");
    },
    mutations: () => {
      const all = runpod.operations.all().map(({ name }) => name);
      const fresh = all.slice(seen).filter((name) => /^(pod[A-Z]|create|update|save|delete)/.test(name));
      seen = all.length;
      return fresh;
    },
    close: async () => {
      await runpod.close();
      stack.remove();
      rmSync(folder, { recursive: true });
    },
  };
}
