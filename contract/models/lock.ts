import { z } from "zod";
import { documentError, type Problem } from "../errors.ts";
import { packOf } from "../nodes/packs.ts";
import { parseDocument, parseJson } from "../parse.ts";
import { type Artifact, targetOf } from "./artifact.ts";

const lockedModel = z.object({
  /** The address in app.json that was looked up. */
  source_url: z.string(),
  /** The same bytes for ever, where the hub has such an address. */
  url: z.string(),
  /** Commit, or version, of the hub. */
  revision: z.string().nullable(),
  /** Hex; null when the source names none. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "give the 64 hex digits of a SHA-256")
    .nullable(),
  /** Bytes; null when the source names none. */
  size: z.int().positive().nullable(),
});
export type LockedModel = z.output<typeof lockedModel>;

const lockedPack = z.object({
  /** The repository, and the branch or tag in app.json that was looked up. */
  source_url: z.string(),
  ref: z.string(),
  commit: z.string().regex(/^[0-9a-f]{40}$/, "give the 40 hex digits of a commit"),
});
export type LockedPack = z.output<typeof lockedPack>;

const lockSchema = z.object({
  version: z.literal(1),
  /** By the model's path below the models folder. */
  models: z.record(z.string(), lockedModel),
  /** Packs of nodes by their folder; those that app.json pins itself are not here. */
  nodes: z.record(z.string(), lockedPack).default({}),
});

export interface LockedArtifacts {
  artifacts: Artifact[];
  /** What the lock does not tell. */
  warnings: string[];
}

/** Name of the file beside app.json. */
export const lockFileName = "models.lock.json";

export const lockText = (models: Record<string, LockedModel>, nodes: Record<string, LockedPack> = {}): string =>
  `${JSON.stringify({ version: 1, models, nodes }, null, 2)}\n`;

/**
 * An app's artifacts as its lock pins them; as they are when there is none.
 * @param text of the lock file
 * @param lockFile what it is called in errors
 * @throws {UserError} when it is broken, or speaks against app.json
 */
export function lockArtifacts(artifacts: Artifact[], text: string | undefined, lockFile: string): LockedArtifacts {
  if (text === undefined) return { artifacts, warnings: [] };
  const { models, nodes } = parseDocument(lockSchema, parseJson(text, lockFile), lockFile);
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const locked = artifacts.map((artifact, at) => {
    const pack = packOf(artifact, at);
    if (pack !== undefined) {
      const { source_url, ref, commit } = nodes[pack.folder] ?? {};
      return source_url === pack.repo && ref === pack.ref ? { ...artifact, ref: commit } : artifact;
    }
    const target = targetOf(artifact);
    const entry = models[target];
    if (entry?.source_url !== artifact.source_url) {
      warnings.push(`${lockFile} does not have "${target}" from ${artifact.source_url}; run comfy-endpoints lock`);
      return artifact;
    }
    if (artifact.sha256 !== undefined && entry.sha256 !== null && artifact.sha256 !== entry.sha256) {
      const message = `is "${entry.sha256}", and ${artifact.sha256} in app.json; correct one of them`;
      problems.push({ path: `models.${target}.sha256`, message });
    }
    return {
      ...artifact,
      source_url: entry.url,
      sha256: artifact.sha256 ?? entry.sha256 ?? undefined,
      size_bytes: artifact.size_bytes ?? entry.size ?? undefined,
    };
  });
  if (problems.length > 0) throw documentError(lockFile, problems);
  return { artifacts: locked, warnings };
}
