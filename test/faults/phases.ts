import type { Inputs, ProgramStack } from "../support/program-stack.ts";
import type { StartedRun } from "../support/stack.ts";
import { kinds } from "./kinds.ts";
import { distinct, numberOperations, type Operation } from "./operations.ts";

/** What a deployment does, from the state that it starts from. */
interface Phase {
  kind: keyof typeof kinds;
  /** Inputs that are deployed before; undefined for nothing. */
  from: Inputs | undefined;
  /** Inputs of the `up`; undefined for a `destroy`. */
  to: Inputs | undefined;
  /** Done by hand in between, as in RunPod's console. */
  drift?: (stack: ProgramStack) => Promise<void> | void;
}

/** What an interrupted run leaves: a pod of the same resource, of another generation. */
async function addStray({ runpod }: ProgramStack): Promise<void> {
  const name = runpod.account.pods()[0]?.name.replace(/[0-9a-f]{8}$/, "00000000") ?? "";
  const input = `{name: "${name}", imageName: "example/golden:0", gpuTypeId: "NVIDIA L4", gpuCount: 1}`;
  await runpod.graphql(`mutation { podFindAndDeployOnDemand(input: ${input}) { id } }`);
}

function stopPods({ runpod }: ProgramStack): void {
  for (const { id } of runpod.account.pods()) runpod.account.stop(id);
}

const phases = {
  "pod create": { kind: "pod", from: undefined, to: {} },
  "pod update": { kind: "pod", from: {}, to: { image: "example/golden:2" }, drift: addStray },
  "pod resume": { kind: "pod", from: {}, to: {}, drift: stopPods },
  "pod replace": { kind: "pod", from: {}, to: { podRotation: "1", profiles: [{ cloud: "SECURE", spot: false }] } },
  "pod destroy": { kind: "pod", from: {}, to: undefined, drift: addStray },
  "storage create": { kind: "storage", from: undefined, to: {} },
  "storage update": { kind: "storage", from: {}, to: { sizeGb: 150, volumeName: "models", password: "s3cret-2" } },
  "storage replace": { kind: "storage", from: { authName: "former" }, to: { dataCenter: "EU-RO-1" } },
  "storage destroy": { kind: "storage", from: {}, to: undefined },
} as const satisfies Record<string, Phase>;

export type PhaseName = keyof typeof phases;

const phaseNames = Object.keys(phases) as PhaseName[];

export const kindOfPhase = (name: PhaseName) => kinds[phases[name].kind];

/** Brings a new stack to where the phase begins. */
export async function prepare(stack: ProgramStack, name: PhaseName): Promise<void> {
  const { from, drift }: Phase = phases[name];
  if (from !== undefined) await stack.deploy(from);
  await drift?.(stack);
}

/** Starts the run that the phase is about. */
export function begin(stack: ProgramStack, name: PhaseName): StartedRun {
  const { to }: Phase = phases[name];
  return to === undefined ? stack.start("destroy", "--yes", "--skip-preview") : stack.startUp(to);
}

/** Inputs that hold when the deployment goes on after the phase. */
export const wanted = (name: PhaseName): Inputs => phases[name].to ?? {};

/** Every operation that RunPod sees in a phase in which nothing breaks. */
async function cleanRun(name: PhaseName): Promise<Operation[]> {
  const seen: Operation[] = [];
  let number: ReturnType<typeof numberOperations> | undefined;
  const stack = await kindOfPhase(name).start({
    watch: (moment) => {
      if (moment.moment === "arrived" && number !== undefined) seen.push(number(moment));
    },
  });
  try {
    await prepare(stack, name);
    number = numberOperations(name);
    const { code, output } = await begin(stack, name).ended;
    if (code !== 0) throw new Error(`the phase ${name} fails with nothing broken:\n${output}`);
    return distinct(seen);
  } finally {
    await stack.close();
  }
}

export const cleanRuns = async (): Promise<Operation[]> => (await Promise.all(phaseNames.map(cleanRun))).flat();
