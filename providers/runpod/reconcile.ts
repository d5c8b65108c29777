import type { Pod, PodJob } from "./api.ts";

/** One change to a pod, in the order in which they are made. */
export type Step = { kind: "edit"; because: string[] } | { kind: "resume" };

/**
 * What must be done to a pod so that it runs the job. A volume is only ever grown.
 * @param formerVariables names the last deployment set: those and the job's are ours, all others the platform's
 */
export function reconcileSteps(desired: PodJob, actual: Pod, formerVariables: readonly string[]): Step[] {
  const because = jobDifferences(desired, actual, formerVariables);
  const steps: Step[] = [];
  if (because.length > 0) steps.push({ kind: "edit", because });
  if (actual.desiredStatus !== "RUNNING") steps.push({ kind: "resume" });
  return steps;
}

/** Names of the job's parts in which the pod differs. */
export function jobDifferences(desired: PodJob, actual: Pod, formerVariables: readonly string[]): string[] {
  const differences: string[] = [];
  if (actual.image !== desired.image) differences.push("image");
  const ours = new Set([...Object.keys(desired.env), ...formerVariables]);
  if ([...ours].some((key) => actual.env[key] !== desired.env[key])) differences.push("env");
  if (portSet(actual.ports) !== portSet(desired.ports)) differences.push("ports");
  if (actual.containerDiskGb !== desired.containerDiskGb) differences.push("containerDiskGb");
  if (actual.networkVolumeId === undefined && actual.volumeGb < desired.volumeGb) differences.push("volumeGb");
  return differences;
}

/** The job to send: an edit replaces the whole environment, so what the platform put there goes along; a larger volume stays. */
export function mergedJob(desired: PodJob, actual: Pod, formerVariables: readonly string[]): PodJob {
  const platforms = Object.entries(actual.env).filter(([key]) => !formerVariables.includes(key));
  return {
    ...desired,
    env: { ...Object.fromEntries(platforms), ...desired.env },
    volumeGb: Math.max(desired.volumeGb, actual.volumeGb),
  };
}

const portSet = (ports: string[]): string => [...ports].sort().join(",");
