import type { Context } from "../../context.ts";
import { openClient } from "../../endpoint.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { jobLines } from "../../job-lines.ts";
import { followJob } from "../../jobs/follow.ts";

export interface FollowJobOptions {
  timeoutSeconds?: number;
}

/** Follows a job to its end, telling its progress; giving up leaves the job as it is. */
export async function run(
  context: Context,
  appId: string,
  jobId: string,
  { timeoutSeconds }: FollowJobOptions,
): Promise<ExitCode> {
  const { output, interrupted } = context;
  const client = await openClient(context, appId);
  const job = await followJob(client, jobId, { timeoutSeconds, interrupted, onNews: (news) => output.note(news) });
  output.result(job, () => jobLines(output, job));
  return job.state === "completed" ? exitCodes.done : exitCodes.failed;
}
