import type { Context } from "../../context.ts";
import { openClient } from "../../endpoint.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { retry } from "../../http/retry.ts";
import { jobLines } from "../../job-lines.ts";

/** Tells a job's state and result. */
export async function run(context: Context, appId: string, jobId: string): Promise<ExitCode> {
  const client = await openClient(context, appId);
  const job = await retry(() => client.job(jobId), context.interrupted);
  context.output.result(job, () => jobLines(context.output, job));
  return exitCodes.done;
}
