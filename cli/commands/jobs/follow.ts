import type { Context } from "../../context.ts";
import { openClient } from "../../endpoint.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { jobLines } from "../../job-lines.ts";
import { showJob } from "../../jobs/display.ts";
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
  const { news, end } = showJob(output);
  const options = { timeoutSeconds, interrupted, news, pollSeconds: 2, onGivingUp: "leave" } as const;
  const job = await followJob(client, jobId, options).finally(end);
  output.result(job, () => jobLines(output, job));
  return job.state === "completed" ? exitCodes.done : exitCodes.failed;
}
