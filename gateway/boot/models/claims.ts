import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile } from "../../durable.ts";
import { type ModelFolders, readParsed } from "./store.ts";

const claimSchema = z.object({
  /** Id of the pod. */
  pod: z.string(),
  /** Models that it needs, by their paths below the models folder. */
  targets: z.array(z.string()),
  /** When it said so last, in milliseconds since the epoch. */
  at: z.number(),
});
export type Claim = z.output<typeof claimSchema>;

const againMs = 6 * 3_600_000;

/** Says to all pods on the volume what this one needs, and says it again from time to time until `abort` fires. */
export async function keepClaim(folders: ModelFolders, claim: Omit<Claim, "at">, abort: AbortSignal): Promise<void> {
  const say = (): Promise<void> =>
    replaceFile(join(folders.claims, `${claim.pod}.json`), JSON.stringify({ ...claim, at: Date.now() }));
  await say();
  // A volume that does not take it now takes it the next time.
  const timer = setInterval(() => void say().catch(() => undefined), againMs).unref();
  abort.addEventListener("abort", () => clearInterval(timer));
}

/** What the pods on the volume said. */
export async function readClaims({ claims }: ModelFolders): Promise<Claim[]> {
  const files = (await readdir(claims)).filter((name) => name.endsWith(".json"));
  const read = await Promise.all(files.map((name) => readParsed(join(claims, name), claimSchema)));
  return read.filter((claim) => claim !== undefined);
}
