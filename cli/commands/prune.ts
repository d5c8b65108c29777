import type { Context } from "../context.ts";
import { openClient } from "../endpoint.ts";
import { type ExitCode, exitCodes } from "../exit-code.ts";
import { aligned } from "../output.ts";

export interface PruneOptions {
  dryRun?: true;
  keepDays: number;
}

/** Removes models from the volume of an endpoint that no pod on it needs. */
export async function run(context: Context, appId: string, { dryRun, keepDays }: PruneOptions): Promise<ExitCode> {
  const client = await openClient(context, appId);
  const pruned = await client.prune({ dry_run: dryRun === true, keep_days: keepDays });
  context.output.result({ app_id: appId, ...pruned }, () => [
    ...aligned(pruned.items.map(({ path, size_bytes }) => [path, gigabytes(size_bytes)])),
    `${gigabytes(pruned.freed_bytes)} ${pruned.dry_run ? "would be freed" : "freed"}`,
  ]);
  return exitCodes.done;
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
