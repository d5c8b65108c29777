import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Job } from "../../contract/api.ts";
import { fileIdPattern, isMediaType } from "../../contract/value-types.ts";
import type { ContractOutput } from "../../contract/workflow-contract.ts";
import type { Client } from "../client.ts";
import { extensionOf } from "../media-types.ts";

/** A result that was downloaded. */
export interface SavedFile {
  /** The output's name. */
  name: string;
  path: string;
  size_bytes: number;
}

/** Downloads the media that a finished job made into a folder, as `<output>-<job>.<ext>`: no run overwrites another's. */
export async function saveResults(
  client: Client,
  outputs: readonly ContractOutput[],
  job: Pick<Job, "job_id" | "output">,
  folder: string,
): Promise<SavedFile[]> {
  const media = mediaOf(outputs, job);
  if (media.length > 0) mkdirSync(folder, { recursive: true });
  const saved: SavedFile[] = [];
  for (const { name, fileId, number } of media) {
    const stem = `${name}-${job.job_id.slice(0, 8)}${number === undefined ? "" : `-${number}`}`;
    const { path, size } = await client.download(fileId, (type) => join(folder, `${stem}.${extensionOf(type)}`));
    saved.push({ name, path, size_bytes: size });
  }
  return saved;
}

/** File ids among a job's results; those of an output with several values are numbered. */
function mediaOf(outputs: readonly ContractOutput[], job: Pick<Job, "output">) {
  return outputs
    .filter(({ type }) => isMediaType(type))
    .flatMap(({ name }) => {
      const value = job.output?.result[name];
      const ids = (Array.isArray(value) ? value : [value]).filter(
        (id) => typeof id === "string" && fileIdPattern.test(id),
      );
      return ids.map((id, at) => ({ name, fileId: id as string, number: Array.isArray(value) ? at + 1 : undefined }));
    });
}
