import { z } from "zod";
import { UserError } from "../../contract/errors.ts";
import { problemsOf } from "../../contract/parse.ts";
import type { PodJob } from "./api.ts";
import { isUnknown } from "./hook-values.ts";
import type { Requirements } from "./placement.ts";
import { podGeneration } from "./pod-name.ts";

const optional = <T>(schema: z.ZodType<T>) => schema.nullish().transform((value) => value ?? undefined);

const schema = z.object({
  appId: z.string().min(1, "give the app's id"),
  ownerSeed: z.string().min(1, "give the Owner's seed"),
  resourceName: z.string().min(1),
  image: z.string().min(1, "give the image to run"),
  env: z.record(z.string(), z.string()),
  ports: z.array(z.string().regex(/^\d+\/(http|tcp)$/, "give ports as 8080/http")),
  containerDiskGb: z.int().positive("give a size in GB above 0"),
  volumeGb: z.int().nonnegative("give a size in GB, 0 for none"),
  volumeMountPath: z.string().startsWith("/", "give an absolute path"),
  registryAuthId: optional(z.string()),
  preferredGpuTypes: z.array(z.string()),
  minVramGb: optional(z.int()),
  minRamPerGpuGb: optional(z.int()),
  gpuCount: z.int().positive("give at least 1 GPU"),
  maxPricePerHour: optional(z.number()),
  regions: z.array(z.string()).min(1, "name at least one region"),
  networkVolumeId: optional(z.string()),
  podRotation: optional(z.string()),
  startTimeoutSeconds: z.int().positive("give seconds above 0"),
  /** Written by check, which keeps the first one: a rename must not lose the pod. */
  mark: z.string(),
});

export type PodInputs = z.output<typeof schema>;

/** @throws {UserError} with all problems; at deployment every value is known */
export function parsePodInputs(inputs: object): PodInputs {
  const parsed = schema.safeParse(inputs, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new UserError(
    problemsOf(parsed.error)
      .map(({ path, message }) => `"${path}" ${message}`)
      .join("; "),
  );
}

/** Problems of inputs of which some may not be known yet. */
export function podInputFailures(inputs: object): { property: string; reason: string }[] {
  const parsed = schema.safeParse(inputs, { reportInput: true });
  if (parsed.success) return [];
  return problemsOf(new z.ZodError(parsed.error.issues.filter((issue) => !isUnknown(issue.input)))).map(
    ({ path, message }) => ({ property: path, reason: message }),
  );
}

export function jobOf(inputs: PodInputs): PodJob {
  const { image, env, ports, containerDiskGb, volumeGb, volumeMountPath, registryAuthId } = inputs;
  return { image, env, ports, containerDiskGb, volumeGb, volumeMountPath, registryAuthId };
}

export function requirementsOf(inputs: PodInputs): Requirements {
  const { preferredGpuTypes, minVramGb, gpuCount, maxPricePerHour, regions, networkVolumeId } = inputs;
  return { preferredGpuTypes, minVramGb, gpuCount, maxPricePerHour, regions, networkVolumeId };
}

/** Inputs that a living pod cannot take on. */
const replacing = [
  "appId",
  "preferredGpuTypes",
  "minVramGb",
  "minRamPerGpuGb",
  "gpuCount",
  "maxPricePerHour",
  "regions",
  "networkVolumeId",
  "podRotation",
] as const;

export const generationOf = (inputs: PodInputs): string => podGeneration(replacing.map((key) => inputs[key] ?? null));

/** Names of the inputs whose change asks for another pod. */
export function replacedInputs(olds: Record<string, unknown>, news: Record<string, unknown>): string[] {
  const changed = replacing.filter(
    (key) => !isUnknown(news[key]) && JSON.stringify(olds[key] ?? null) !== JSON.stringify(news[key] ?? null),
  );
  const shrunk = typeof news["volumeGb"] === "number" && news["volumeGb"] < Number(olds["volumeGb"]);
  return shrunk ? [...changed, "volumeGb"] : changed;
}
