import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocalRunPodOptions } from "../../local/runpod.ts";
import type { RunPodPodArgs } from "../../providers/runpod-pod.ts";
import { type StartedRunPod, startLocalRunPod } from "./local-runpod.ts";
import { createTestStack, type PulumiRun, type StartedRun, type TestStack } from "./stack.ts";

export type PodArgs = Partial<{ [name in keyof RunPodPodArgs]: unknown }>;

interface PodOutputs {
  podId: string;
  revision: string;
  status: string;
  costPerHour: number;
  gpuType: string;
  dataCenter: string;
  spot: boolean;
  placement: { cloud: string; spot: boolean; gpu: string; dataCenter: string; refusal: string | null }[];
}

/** A stack of `test/programs/pod.ts` on a RunPod of its own in this process, whose containers do nothing. */
export interface PodStack extends TestStack {
  runpod: StartedRunPod;
  /** Runs `up` with these inputs beside the usual ones. */
  up: (changed?: PodArgs, options?: { dependentFails?: boolean; flags?: string[] }) => Promise<PulumiRun>;
  /** Starts an `up` that is to be broken off. */
  startUp: (changed?: PodArgs) => StartedRun;
  /** `up` that must succeed. */
  deploy: (changed?: PodArgs) => Promise<PodOutputs>;
  preview: (changed?: PodArgs) => Promise<PulumiRun>;
  podOutputs: () => Promise<PodOutputs>;
  /** Mutations that RunPod saw since the last call of this. */
  mutations: () => string[];
  close: () => Promise<void>;
}

const usual = {
  appId: "e2e",
  image: "example/golden:1",
  env: { GREETING: "hello" },
  ports: ["8080/http"],
  publicPort: 8080,
  containerDiskGb: 30,
  volumeGb: 100,
  volumeMountPath: "/cache",
  preferredGpuTypes: ["RTX 4090"],
  gpuCount: 1,
  regions: ["US"],
  startTimeoutSeconds: 60,
};

/** @param env further variables for the deployments */
export async function startPodStack(
  options: Partial<LocalRunPodOptions> = {},
  env: Record<string, string> = {},
): Promise<PodStack> {
  const container = { command: "/bin/sleep", args: ["600"], cwd: tmpdir(), env: {} };
  const runpod = await startLocalRunPod({ container, ...options });
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-pod-"));
  const file = join(folder, "pod.json");
  const program = join(import.meta.dirname, "../programs/pod.ts");
  const stack = await createTestStack({ ...runpod.env, ...env, TEST_POD_FILE: file }, { program });

  const write = (changed: PodArgs, dependentFails: boolean): void =>
    writeFileSync(file, JSON.stringify({ args: { ...usual, ...changed }, dependentFails }));
  const podOutputs = async (): Promise<PodOutputs> => (await stack.outputs()) as unknown as PodOutputs;
  const up: PodStack["up"] = (changed = {}, { dependentFails = false, flags = [] } = {}) => {
    write(changed, dependentFails);
    return stack.pulumi("up", "--yes", "--skip-preview", ...flags);
  };
  let seen = 0;
  return {
    ...stack,
    runpod,
    up,
    startUp: (changed = {}) => {
      write(changed, false);
      return stack.start("up", "--yes", "--skip-preview");
    },
    deploy: async (changed) => {
      const run = await up(changed);
      if (run.code !== 0) throw new Error(run.output);
      return podOutputs();
    },
    preview: (changed = {}) => {
      write(changed, false);
      return stack.pulumi("preview");
    },
    podOutputs,
    mutations: () => {
      const all = runpod.operations.all().map(({ name }) => name);
      const fresh = all
        .slice(seen)
        .filter((name) => /^(podFind|podRent|podEdit|podResume|podBid|podStop|podTerm)/.test(name));
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
