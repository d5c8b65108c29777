import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { appSchema } from "../../contract/app.ts";
import { UserError } from "../../contract/errors.ts";
import { type Artifact, targetOf } from "../../contract/models/artifact.ts";
import { type LockedModel, type LockedPack, lockFileName, lockText } from "../../contract/models/lock.ts";
import { type ResolvedSource, shown } from "../../contract/models/source.ts";
import { movingPacks, nodePacks, pinPacks } from "../../contract/nodes/packs.ts";
import { parseDocument, parseJson } from "../../contract/parse.ts";
import { resolveCommit } from "../../providers/image/git.ts";
import { appFileOf } from "../app.ts";
import { lookUp } from "../artifacts/sources.ts";
import type { Context } from "../context.ts";
import { type ExitCode, exitCodes } from "../exit-code.ts";
import { aligned } from "../output.ts";

/**
 * Looks up what an app's models and packs of nodes are now, and writes it down beside app.json: later deployments bring the
 * same bytes.
 */
export async function run(context: Context, spec: string): Promise<ExitCode> {
  const { output } = context;
  const appFile = appFileOf(context, spec);
  const app = parseDocument(appSchema, parseJson(readFileSync(appFile, "utf8"), appFile), appFile);

  const nodes = await lockedPacks(app.artifacts, appFile);
  const artifacts = app.artifacts.filter(({ kind }) => kind === "model");
  const found = await Promise.all(
    artifacts.map(async (artifact) => ({ artifact, ...(await lookUp(context, artifact.source_url)) })),
  );
  const problems = found.flatMap(({ artifact, source, problem = source && disagreement(artifact, source) }) =>
    problem === undefined ? [] : [`${targetOf(artifact)}: ${problem}`],
  );
  if (problems.length > 0)
    throw new UserError(`models cannot be locked:\n${problems.map((line) => `  ${line}`).join("\n")}`);

  const models: Record<string, LockedModel> = {};
  for (const { artifact, source } of found) {
    const { source_url, sha256, size_bytes } = artifact;
    const target = targetOf(artifact);
    models[target] = {
      source_url,
      url: source?.pinnedUrl ?? source_url,
      revision: source?.revision ?? null,
      sha256: source?.sha256 ?? sha256 ?? null,
      size: source?.sizeBytes ?? size_bytes ?? null,
    };
    if (models[target].sha256 === null)
      output.note(`warning: ${shown(source_url)} names no SHA-256; only the size of ${target} is checked`);
  }
  const lockFile = join(dirname(appFile), lockFileName);
  // At once: a deployment meanwhile finds the old or the new one.
  writeFileSync(`${lockFile}.tmp`, lockText(models, nodes));
  renameSync(`${lockFile}.tmp`, lockFile);

  output.result({ app_id: app.app_id, lock_file: lockFile, models, nodes }, () => [
    `${output.strong(lockFile)} has ${artifacts.length} of ${artifacts.length} models`,
    ...aligned(
      Object.entries(models).map(([target, { revision, size }]) => [target, revision ?? "-", `${size ?? "?"} bytes`]),
    ),
    ...aligned(Object.entries(nodes).map(([folder, { ref, commit }]) => [folder, commit, ref])),
  ]);
  return exitCodes.done;
}

/** What app.json says of a model and its source does not; a pod would refuse it. */
function disagreement({ sha256, size_bytes }: Artifact, source: ResolvedSource): string | undefined {
  const facts: [string, string | number | undefined, string | number | undefined][] = [
    ["sha256", sha256, source.sha256],
    ["size_bytes", size_bytes, source.sizeBytes],
  ];
  const wrong = facts.find(
    ([, declared, found]) => declared !== undefined && found !== undefined && declared !== found,
  );
  if (wrong === undefined) return undefined;
  const [field, declared, found] = wrong;
  return `"${field}" is ${declared} in app.json, and ${found} at its source; correct app.json`;
}

async function lockedPacks(artifacts: readonly Artifact[], appFile: string): Promise<Record<string, LockedPack>> {
  const pinned = await pinPacks(artifacts, appFile, resolveCommit);
  const moving = movingPacks(nodePacks(artifacts, appFile));
  return Object.fromEntries(
    moving.map(({ at, folder, repo: source_url, ref }) => [
      folder,
      { source_url, ref, commit: pinned[at]?.ref ?? ref },
    ]),
  );
}
