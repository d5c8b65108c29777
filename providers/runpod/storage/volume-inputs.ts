import { z } from "zod";
import type { NetworkVolume } from "../api/api.ts";
import { type Failure, inputFailures, optional, type Properties, parseInputs } from "./storage-inputs.ts";
import { namePattern } from "./storage-name.ts";

const sizeRemedy = "give whole GB from 10 to 4096";

const schema = z.object({
  ownerSeed: z.string().min(1, "give the Owner's seed"),
  resourceName: z.string().min(1),
  volumeName: optional(z.string().regex(namePattern, "give a name that neither begins nor ends with a blank")),
  dataCenter: z.string().min(1, "give a data centre's id"),
  sizeGb: z.int(sizeRemedy).min(10, sizeRemedy).max(4096, sizeRemedy),
  /** Written by check, which keeps the first one: a renamed resource must not lose its volume. */
  ownName: z.string(),
});

export type VolumeInputs = z.output<typeof schema>;

export const parseVolumeInputs = (inputs: Properties): VolumeInputs => parseInputs(schema, inputs);

/** @param olds inputs of the last deployment; empty for a new volume */
export function volumeFailures(olds: Properties, news: Properties): Failure[] {
  const failures = inputFailures(schema, news);
  return failures.length > 0 ? failures : shrinkFailures(olds, news);
}

function shrinkFailures(olds: Properties, news: Properties): Failure[] {
  const [before, now] = [olds["sizeGb"], news["sizeGb"]];
  if (typeof before !== "number" || typeof now !== "number" || now >= before) return [];
  // Another data centre gets another volume, which may have any size.
  if (olds["dataCenter"] !== news["dataCenter"]) return [];
  const reason = `is ${now}; the volume has ${before} GB and only grows: keep ${before}, or give the resource another name for another, empty volume`;
  return [{ property: "sizeGb", reason }];
}

export const wantedName = ({ volumeName, ownName }: VolumeInputs): string => volumeName ?? ownName;

/** What must be changed on a volume; empty when nothing. A larger one stays as it is. */
export function volumeChanges(inputs: VolumeInputs, actual: NetworkVolume): { name?: string; sizeGb?: number } {
  const name = wantedName(inputs);
  return {
    ...(actual.name !== name && { name }),
    ...(actual.sizeGb < inputs.sizeGb && { sizeGb: inputs.sizeGb }),
  };
}
