import type { RunPodPodArgs } from "../../providers/runpod-pod.ts";
import { type ProgramStack, type ProgramStackOptions, startProgramStack } from "./program-stack.ts";
import type { PulumiRun, StartedRun } from "./stack.ts";

type PodArgs = Partial<{ [name in keyof RunPodPodArgs]: unknown }>;

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

/** A stack of `test/programs/pod.ts`. */
export interface PodStack extends ProgramStack {
  up: (changed?: PodArgs & { dependentFails?: boolean }, ...flags: string[]) => Promise<PulumiRun>;
  startUp: (changed?: PodArgs) => StartedRun;
  deploy: (changed?: PodArgs) => Promise<Record<string, unknown> & PodOutputs>;
  preview: (changed?: PodArgs) => Promise<PulumiRun>;
  podOutputs: () => Promise<PodOutputs>;
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

export async function startPodStack(options: ProgramStackOptions = {}): Promise<PodStack> {
  const stack = await startProgramStack("pod", usual, options);
  return {
    ...stack,
    deploy: async (changed) => (await stack.deploy(changed)) as Record<string, unknown> & PodOutputs,
    podOutputs: async () => (await stack.outputs()) as unknown as PodOutputs,
  };
}
