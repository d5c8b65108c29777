import { jobListQuery } from "../../../contract/api.ts";
import { problemsOf } from "../../../contract/parse.ts";
import type { Context } from "../../context.ts";
import { openClient } from "../../endpoint.ts";
import { UsageError } from "../../errors.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { aligned } from "../../output.ts";

export interface ListJobsOptions {
  limit: number;
  cursor?: string;
  state?: string;
  createdAfter?: string;
  createdBefore?: string;
}

/** Lists an endpoint's jobs, newest first. */
export async function run(context: Context, appId: string, options: ListJobsOptions): Promise<ExitCode> {
  const { limit, cursor, state, createdAfter, createdBefore } = options;
  const filter = { limit: String(limit), cursor, state, created_after: createdAfter, created_before: createdBefore };
  checkFilter(filter);
  const client = await openClient(context, appId);
  const page = await client.jobs(filter);
  context.output.result(page, () => [
    ...aligned([
      ["job", "state", "accepted", "ran"],
      ...page.items.map(({ job_id, state: of, created_at, timings: { run_ms: ran }, error }) => [
        ...[job_id, of, created_at],
        `${ran === null ? "-" : `${(ran / 1000).toFixed(1)} s`}${error === null ? "" : `  ${error}`}`,
      ]),
    ]),
    ...(page.next_cursor === null ? [] : [`more: --cursor ${page.next_cursor}`]),
  ]);
  return exitCodes.done;
}

/** The endpoint would refuse it too, but by the names of its query. */
function checkFilter(filter: Record<string, string | undefined>): void {
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
  const parsed = jobListQuery.safeParse(given, { reportInput: true });
  if (parsed.success) return;
  const lines = problemsOf(parsed.error).map(({ path, message }) => `--${path.replaceAll("_", "-")} ${message}`);
  throw new UsageError(lines.join("\n"));
}
