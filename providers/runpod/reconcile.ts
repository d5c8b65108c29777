import type { Pod, PodJob } from "./api.ts";

/**
 * One change to a pod, in the order in which they are made. An edit carries the whole job, a larger volume included: each
 * request of that kind restarts the container, so there is never more than one.
 */
export type Step = { kind: "edit"; because: string[] } | { kind: "resume" };

/** What the last deployment set: tells our variables from the platform's, and holds what RunPod does not show. */
export type FormerJob = Pick<PodJob, "env" | "volumeMountPath" | "registryAuthId">;

/** What must be done to a pod so that it runs the job. A volume is only ever grown. */
export function reconcileSteps(desired: PodJob, actual: Pod, former: FormerJob | undefined): Step[] {
  const because = jobDifferences(desired, actual, former);
  const steps: Step[] = [];
  if (because.length > 0) steps.push({ kind: "edit", because });
  if (actual.desiredStatus !== "RUNNING") steps.push({ kind: "resume" });
  return steps;
}

/** Names of the job's parts in which the pod differs. */
export function jobDifferences(desired: PodJob, actual: Pod, former: FormerJob | undefined): string[] {
  const ownVariables = new Set([...Object.keys(desired.env), ...Object.keys(former?.env ?? {})]);
  const mountPath = actual.volumeMountPath ?? former?.volumeMountPath ?? desired.volumeMountPath;
  const differs: Record<string, boolean> = {
    image: actual.image !== desired.image,
    env: [...ownVariables].some((name) => actual.env[name] !== desired.env[name]),
    ports: portSet(actual.ports) !== portSet(desired.ports),
    containerDiskGb: actual.containerDiskGb !== desired.containerDiskGb,
    volumeGb: actual.networkVolumeId === undefined && actual.volumeGb < desired.volumeGb,
    volumeMountPath: mountPath !== desired.volumeMountPath,
    registryAuthId: former !== undefined && former.registryAuthId !== desired.registryAuthId,
  };
  return Object.keys(differs).filter((part) => differs[part]);
}

/** The job to send: an edit replaces the whole environment, so what the platform put there goes along; a larger volume stays. */
export function mergedJob(desired: PodJob, actual: Pod, former: FormerJob | undefined): PodJob {
  const platforms = Object.entries(actual.env).filter(([name]) => former?.env[name] === undefined);
  return {
    ...desired,
    env: { ...Object.fromEntries(platforms), ...desired.env },
    volumeGb: Math.max(desired.volumeGb, actual.volumeGb),
  };
}

const portSet = (ports: string[]): string => [...ports].sort().join(",");
