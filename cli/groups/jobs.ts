import type { Command } from "commander";
import { jobStates } from "../../contract/job-states.ts";
import type { FollowJobOptions } from "../commands/jobs/follow.ts";
import type { ListJobsOptions } from "../commands/jobs/list.ts";
import { type Act, positiveNumber, wholeNumber } from "./group.ts";

/** `cend jobs …`: jobs of one endpoint. */
export function addJobs(program: Command, act: Act): void {
  const jobs = program.command("jobs").description("jobs of a deployed app: list, tell, cancel or follow them");

  jobs
    .command("get <app_id> <job_id>")
    .description("tell a job's state and result")
    .action((appId: string, jobId: string) =>
      act(async (context) => (await import("../commands/jobs/get.ts")).run(context, appId, jobId)),
    );

  jobs
    .command("list <app_id>")
    .description("list jobs, newest first")
    .option("--state <states>", `only jobs in these states, with commas between: ${jobStates.join(", ")}`)
    .option("--created-after <time>", "only jobs accepted after this time, such as 2026-01-31T12:00:00Z")
    .option("--created-before <time>", "only jobs accepted before this time")
    .option("--limit <number>", "how many", wholeNumber, 50)
    .option("--cursor <cursor>", "go on where a list ended")
    .action((appId: string, options: ListJobsOptions) =>
      act(async (context) => (await import("../commands/jobs/list.ts")).run(context, appId, options)),
    );

  jobs
    .command("cancel <app_id> <job_id>")
    .description("cancel a job, queued or running")
    .action((appId: string, jobId: string) =>
      act(async (context) => (await import("../commands/jobs/cancel.ts")).run(context, appId, jobId)),
    );

  jobs
    .command("follow <app_id> <job_id>")
    .description("follow a job to its end; exit code 1 unless it completed")
    .option("--timeout-seconds <seconds>", "give up after this time, and leave the job alone", positiveNumber)
    .action((appId: string, jobId: string, options: FollowJobOptions) =>
      act(async (context) => (await import("../commands/jobs/follow.ts")).run(context, appId, jobId, options)),
    );
}
