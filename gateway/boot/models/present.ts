import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { SourceFacts } from "../../../contract/models/hubs/hub.ts";
import type { PlannedModel } from "./plan.ts";
import { digest, type ModelFolders, type ModelRecord, readRecord, writeRecord } from "./store.ts";

/** Whether a model's file is there: `unsure` until its source was asked, or it was hashed. */
export type Presence = { kind: "ready" } | { kind: "absent" } | { kind: "unsure" } | { kind: "wrong"; reason: string };

/** What a look at the file and at its record says, without a look at the network or at the file's bytes. */
export function judge(
  { sha256, sizeBytes, sourceUrl }: Pick<PlannedModel, "sha256" | "sizeBytes" | "sourceUrl">,
  file: { size: number; mtimeMs: number; isFile: boolean } | undefined,
  record: ModelRecord | undefined,
): Presence {
  if (file === undefined) return { kind: "absent" };
  if (!file.isFile) return { kind: "wrong", reason: "something else than a file is in its place" };
  if (sizeBytes !== undefined && file.size !== sizeBytes)
    return { kind: "wrong", reason: wrongSize(file.size, sizeBytes) };
  if (record?.size !== file.size || record.mtime !== file.mtimeMs) return { kind: "unsure" };
  if (sha256 !== undefined) {
    if (record.sha256 === null) return { kind: "unsure" };
    return record.sha256 === sha256 ? { kind: "ready" } : { kind: "wrong", reason: wrongHash(record.sha256, sha256) };
  }
  return record.source === digest(sourceUrl)
    ? { kind: "ready" }
    : { kind: "wrong", reason: "it came from another source" };
}

export async function lookAtModel(folders: ModelFolders, model: PlannedModel): Promise<Presence> {
  const [file, record] = await Promise.all([
    stat(model.path).catch(() => undefined),
    readRecord(folders, model.target),
  ]);
  return judge(model, file && { size: file.size, mtimeMs: file.mtimeMs, isFile: file.isFile() }, record);
}

/**
 * Settles what a look could not: a file that somebody put there, or that was there before records were kept.
 * @param facts what its source says; undefined when that cannot be asked, which then is no reason to fetch it
 */
export async function settle(
  folders: ModelFolders,
  model: PlannedModel,
  facts: SourceFacts | undefined,
  abort: AbortSignal,
): Promise<Presence> {
  const { size } = await stat(model.path);
  const sizeBytes = model.sizeBytes ?? facts?.sizeBytes;
  if (sizeBytes !== undefined && size !== sizeBytes) return { kind: "wrong", reason: wrongSize(size, sizeBytes) };
  const expected = model.sha256 ?? facts?.sha256;
  const sha256 = expected === undefined ? null : await hashOf(model.path, abort);
  if (expected !== undefined && sha256 !== null && sha256 !== expected)
    return { kind: "wrong", reason: wrongHash(sha256, expected) };
  await writeRecord(folders, model, sha256);
  return { kind: "ready" };
}

export const wrongSize = (found: number, expected: number): string => `it has ${found} bytes, not ${expected}`;
export const wrongHash = (found: string, expected: string): string => `its SHA-256 is ${found}, not ${expected}`;

async function hashOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: 1024 ** 2, signal }))
    hash.update(piece as Uint8Array);
  return hash.digest("hex");
}
