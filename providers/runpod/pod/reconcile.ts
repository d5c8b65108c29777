import type { Pod, PodJob } from "../api/api.ts";

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

/**
 * What somebody changed since the last deployment, for people: a variable by its name alone, its value may be a secret.
 * A volume that was grown is told too, although nothing is done about it.
 */
export function driftOf(deployed: PodJob, actual: Pod): string[] {
  const changed = new Set(jobDifferences(deployed, actual, deployed));
  const variables = Object.keys(deployed.env).filter((name) => actual.env[name] !== deployed.env[name]);
  const instead = (what: string, now: string, before: string): string => `${what} is ${now} instead of ${before}`;
  const ownVolume = actual.networkVolumeId === undefined && actual.volumeGb !== deployed.volumeGb;
  return [
    ...(changed.has("image") ? [instead("image", actual.image, deployed.image)] : []),
    ...(variables.length > 0 ? [`env has another ${variables.join(", ")}`] : []),
    ...(changed.has("ports") ? [instead("ports", actual.ports.join(", ") || "none", deployed.ports.join(", "))] : []),
    ...(changed.has("containerDiskGb")
      ? [instead("container disk", `${actual.containerDiskGb} GB`, `${deployed.containerDiskGb} GB`)]
      : []),
    ...(ownVolume ? [instead("volume", `${actual.volumeGb} GB`, `${deployed.volumeGb} GB`)] : []),
    ...(changed.has("volumeMountPath")
      ? [instead("mount path", actual.volumeMountPath ?? "", deployed.volumeMountPath)]
      : []),
    ...(actual.desiredStatus === "RUNNING" ? [] : [`status is ${actual.desiredStatus} (${actual.statusDetail})`]),
  ];
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
