import { readdir, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { PruneRequest, PruneView } from "../../../contract/api.ts";
import type { Log } from "../../log.ts";
import { type Claim, readClaims } from "./claims.ts";
import { isBegun, keyOf, listRecords, type ModelFolders, removeRecord } from "./store.ts";

const dayMs = 24 * 3_600_000;

/** Everything that some pod needs: this one, and whoever spoke within the days. */
export function neededTargets(claims: readonly Claim[], pod: string, keepDays: number, now: number): Set<string> {
  const counting = claims.filter((claim) => claim.pod === pod || now - claim.at <= keepDays * dayMs);
  return new Set(counting.flatMap(({ targets }) => targets));
}

/**
 * Removes what the gateway fetched and no pod on the volume needs: models, and what was begun of some. What somebody else
 * put there stays.
 */
export async function pruneModels(
  folders: ModelFolders,
  pod: string,
  { dry_run = false, keep_days }: PruneRequest,
  log: Log,
): Promise<PruneView> {
  const needed = async (): Promise<Set<string>> => neededTargets(await readClaims(folders), pod, keep_days, Date.now());
  const before = await needed();
  const items: PruneView["items"] = [];

  for (const { target } of await listRecords(folders)) {
    const path = resolve(folders.root, target);
    if (before.has(target) || !path.startsWith(`${folders.root}/`)) continue;
    const size_bytes = (await stat(path).catch(() => undefined))?.size;
    if (!dry_run && size_bytes !== undefined && !(await removeUnlessNeeded(folders, target, path, needed))) continue;
    if (!dry_run) await removeRecord(folders, target);
    if (size_bytes !== undefined) items.push({ path: target, size_bytes });
  }
  const keys = [...before].map((target) => `${keyOf(target)}.`);
  for (const name of await readdir(folders.incoming)) {
    if (!isBegun(name) || keys.some((key) => name.startsWith(key))) continue;
    const path = join(folders.incoming, name);
    // A file that fills up takes what is on disk of it.
    const { blocks } = await stat(path);
    if (!dry_run) await rm(path, { force: true });
    items.push({ path: path.slice(folders.root.length + 1), size_bytes: blocks * 512 });
  }
  const freed_bytes = items.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  if (!dry_run) log.info("models pruned", { removed: items.map(({ path }) => path), freed_bytes });
  return { dry_run, items, freed_bytes };
}

/**
 * A pod that boots says what it needs, and then looks whether it is there. So a model is put aside first, and comes back when
 * a look after that shows that somebody needs it: either the pod misses it and fetches it, or it is seen here.
 */
async function removeUnlessNeeded(
  folders: ModelFolders,
  target: string,
  path: string,
  needed: () => Promise<Set<string>>,
): Promise<boolean> {
  const aside = join(folders.incoming, `${keyOf(target)}.pruned`);
  await rename(path, aside);
  if ((await needed()).has(target)) {
    await rename(aside, path);
    return false;
  }
  await rm(aside);
  return true;
}
