import type { Context } from "../../context.ts";
import { openClient } from "../../endpoint.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";

/** Cancels a job, queued or running. */
export async function run(context: Context, appId: string, jobId: string): Promise<ExitCode> {
  const client = await openClient(context, appId);
  const reply = await client.cancelJob(jobId);
  context.output.result(reply, () => [
    "already_terminal" in reply ? `job ${jobId} is ${reply.state} already` : `job ${jobId} is being canceled`,
  ]);
  return exitCodes.done;
}
