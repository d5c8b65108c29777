import { z } from "zod";
import { type Problem, problemLine, UserError } from "../../../contract/errors.ts";
import { problemsOf } from "../../../contract/parse.ts";
import type { PodJob } from "../api/api.ts";
import { isUnknown } from "../engine/hook-values.ts";
import type { Requirements } from "../placement/placement.ts";
import { onFailedActions } from "../ready/on-failed.ts";
import { podGeneration } from "./pod-name.ts";

const optional = <T>(schema: z.ZodType<T>) => schema.nullish().transform((value) => value ?? undefined);

const seconds = z.int("a whole number of seconds").positive("give seconds above 0");

const schema = z.object({
  appId: z.string().min(1, "give the app's id"),
  ownerSeed: z.string().min(1, "give the Owner's seed"),
  resourceName: z.string().min(1),
  image: z.string().min(1, "give the image to run"),
  env: z.record(z.string(), z.string()),
  ports: z.array(z.string().regex(/^\d+\/(http|tcp)$/, "give ports as 8080/http")),
  publicPort: z.int().min(1, "give a port from 1 to 65535").max(65_535, "give a port from 1 to 65535"),
  containerDiskGb: z.int().positive("give a size in GB above 0"),
  volumeGb: z.int().nonnegative("give a size in GB, 0 for none"),
  volumeMountPath: z.string().startsWith("/", "give an absolute path"),
  registryAuthId: optional(z.string()),
  preferredGpuTypes: z.array(z.string()),
  minVramGb: optional(z.int().positive("give GB above 0")),
  minRamPerGpuGb: optional(z.int().positive("give GB above 0")),
  gpuCount: z.int().positive("give at least 1 GPU"),
  maxPricePerHour: optional(z.number().positive("give USD above 0")),
  regions: z.array(z.string()).min(1, "name at least one region"),
  profiles: optional(
    z.array(z.object({ cloud: z.enum(["COMMUNITY", "SECURE"]), spot: z.boolean() })).min(1, "give at least one"),
  ),
  attemptsPerProfile: z.int().positive("give at least 1").default(4),
  networkVolumeId: optional(z.string()),
  networkVolumeDataCenter: optional(z.string()),
  stopAfterSeconds: optional(seconds),
  terminateAfterSeconds: optional(seconds),
  onHostFull: z.enum(["replace", "fail"]).default("replace"),
  adoptPodId: optional(z.string()),
  drainSeconds: z.int("a whole number of seconds").nonnegative("give seconds, 0 for none").default(120),
  podRotation: optional(z.string()),
  startTimeoutSeconds: seconds,
  onFailed: z.enum(onFailedActions).default("stop"),
  /** Written by check, which keeps the first one: a rename must not lose the pod. */
  mark: z.string(),
});

export type PodInputs = z.output<typeof schema>;

type Properties = Record<string, unknown>;

/** @throws {UserError} with all problems; at deployment every value is known */
export function parsePodInputs(inputs: object): PodInputs {
  const parsed = schema.safeParse(inputs, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new UserError(problemsOf(parsed.error).map(problemLine).join("; "));
}

/** What is wrong with inputs of which some may not be known yet; `parsed` when nothing is, and all are known. */
export function inspectPodInputs(inputs: object): { parsed: PodInputs | undefined; problems: Problem[] } {
  const { success, data, error } = schema.safeParse(inputs, { reportInput: true });
  if (success) return { parsed: isUnknown(data) ? undefined : data, problems: [] };
  const wrong = error.issues.filter((issue) => !isUnknown(issue.input));
  return { parsed: undefined, problems: problemsOf(new z.ZodError(wrong)) };
}

export function jobOf(inputs: PodInputs): PodJob {
  const { image, env, ports, containerDiskGb, volumeMountPath, registryAuthId } = inputs;
  // A network volume takes the place of the pod's own.
  const volumeGb = inputs.networkVolumeId === undefined ? inputs.volumeGb : 0;
  return { image, env, ports, containerDiskGb, volumeGb, volumeMountPath, registryAuthId };
}

/** What places a pod: a living one is replaced only when it does not meet them. */
const requirementInputs = [
  "preferredGpuTypes",
  "minVramGb",
  "minRamPerGpuGb",
  "gpuCount",
  "maxPricePerHour",
  "regions",
  "profiles",
] as const satisfies (keyof PodInputs & keyof Requirements)[];

const placeSchema = schema.pick({
  preferredGpuTypes: true,
  minVramGb: true,
  minRamPerGpuGb: true,
  gpuCount: true,
  maxPricePerHour: true,
  regions: true,
  profiles: true,
  networkVolumeId: true,
  networkVolumeDataCenter: true,
  adoptPodId: true,
});

/** The inputs that say where a pod may be, or which pod it is. */
export type PlaceInputs = z.output<typeof placeSchema>;

/**
 * What of the inputs places a pod, whatever is wrong with the others, or not known of them: an image, a key. That of a
 * network volume which the same deployment creates is not known either, but that there is one.
 * @returns undefined while it is not known, or wrong
 */
export function placeInputsOf(inputs: object): PlaceInputs | undefined {
  const { data } = placeSchema.safeParse(inputs);
  if (data === undefined) return undefined;
  const { networkVolumeId, networkVolumeDataCenter, ...rest } = data;
  if (isUnknown(rest)) return undefined;
  return {
    ...rest,
    networkVolumeId,
    networkVolumeDataCenter: isUnknown(networkVolumeDataCenter) ? undefined : networkVolumeDataCenter,
  };
}

export function requirementsOf(inputs: PlaceInputs): Requirements {
  const { preferredGpuTypes, minVramGb, minRamPerGpuGb, gpuCount, maxPricePerHour, regions, profiles } = inputs;
  const networkVolume =
    inputs.networkVolumeId === undefined ? undefined : { dataCenter: inputs.networkVolumeDataCenter };
  return { preferredGpuTypes, minVramGb, minRamPerGpuGb, gpuCount, maxPricePerHour, regions, profiles, networkVolume };
}

/** Inputs that a living pod cannot take on. */
const replacing = [
  "appId",
  "networkVolumeId",
  "stopAfterSeconds",
  "terminateAfterSeconds",
  "podRotation",
] as const satisfies (keyof PodInputs)[];

export const generationOf = (inputs: PodInputs): string =>
  podGeneration([...replacing, ...requirementInputs].map((key) => inputs[key] ?? null));

/** Names of the changed inputs that a living pod cannot take on. */
export function replacedInputs(olds: Properties, news: Properties): string[] {
  const changed = changedOf(replacing, olds, news);
  // On a pod that stays, check refuses it.
  return changed.length > 0 && shrinksVolume(olds, news) ? [...changed, "volumeGb"] : changed;
}

/** Names of the changed inputs that may or may not ask for another place. */
export const changedRequirements = (olds: Properties, news: Properties): string[] =>
  changedOf(requirementInputs, olds, news);

/** Names of all changed inputs. */
export const changedInputs = (olds: Properties, news: Properties): string[] =>
  changedOf(Object.keys(schema.shape), olds, news);

/** Of the pod's own volume: with a network volume there is none. */
export const shrinksVolume = (olds: Properties, news: Properties): boolean =>
  (news["networkVolumeId"] ?? undefined) === undefined &&
  typeof news["volumeGb"] === "number" &&
  typeof olds["volumeGb"] === "number" &&
  news["volumeGb"] < olds["volumeGb"];

function changedOf(names: readonly string[], olds: Properties, news: Properties): string[] {
  return names.filter(
    (name) => !isUnknown(news[name]) && JSON.stringify(olds[name] ?? null) !== JSON.stringify(news[name] ?? null),
  );
}
