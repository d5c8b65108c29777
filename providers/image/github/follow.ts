import { UserError } from "../../../contract/errors.ts";
import type { GitHubApi, Job, Run } from "./api.ts";
import { isGitHubRefusal } from "./errors.ts";
import { failedStep, failureMessage, logTail, progressLine } from "./run-lines.ts";

export interface FollowWorld {
  api: GitHubApi;
  log: (line: string) => void;
  pollMs: number;
  /** Rejects when the build is broken off. */
  pause: (milliseconds: number) => Promise<void>;
  remainingMs: () => number;
}

/** How long a run may not be seen that GitHub has told of. */
const hiddenMs = 60_000;

/** What may be said of a run whose page was not seen yet. */
export interface Followed {
  id: string;
  url: string | undefined;
}

/**
 * Ends when the run has built the image.
 * @param followed told the run's page as soon as that is known
 * @throws {UserError} why it has not
 */
export async function followRun(
  followed: Followed,
  { imageRef, commit }: { imageRef: string; commit: string },
  world: FollowWorld,
): Promise<void> {
  const { api, log, pollMs, pause, remainingMs } = world;
  const firstMs = remainingMs();
  let said = "";
  const say = (line: string) => {
    if (line !== said) log(line);
    said = line;
  };
  for (;;) {
    const look = await lookAt(followed.id, api);
    if (look === "silent") say("GitHub does not answer; it is asked again");
    else if (look.run === undefined) assertHidden(followed, firstMs - remainingMs(), imageRef);
    else {
      const { run, jobs } = look;
      if (followed.url === undefined) {
        followed.url = run.url;
        log(`GitHub Actions builds ${imageRef}: ${run.url}`);
        await assertCommit(run, commit, imageRef, api);
      }
      if (run.status === "completed") {
        if (run.conclusion === "success") return;
        throw new UserError(await whyFailed(imageRef, run, jobs, world));
      }
      say(progressLine(run, jobs));
    }
    if (remainingMs() <= pollMs) throw tooLong(imageRef, followed, said);
    await pause(pollMs);
  }
}

async function lookAt(
  id: string,
  api: GitHubApi,
): Promise<"silent" | { run: undefined } | { run: Run; jobs: readonly Job[] }> {
  try {
    const run = await api.run(id);
    return run === undefined ? { run } : { run, jobs: await api.jobs(id) };
  } catch (error) {
    // The run goes on, whether GitHub tells or not.
    if (isGitHubRefusal(error, "silent")) return "silent";
    throw error;
  }
}

function assertHidden({ id, url }: Followed, elapsedMs: number, imageRef: string): void {
  if (url === undefined && elapsedMs < hiddenMs) return;
  throw new UserError(
    `GitHub has no run ${id} any more, which was to build ${imageRef}; somebody removed it, run pulumi up again`,
  );
}

/** The branch may have moved on between the look at its files and the start. */
async function assertCommit(run: Run, commit: string, imageRef: string, api: GitHubApi): Promise<void> {
  if (run.commit === commit) return;
  const canceled = await api.cancel(run.id).then(
    () => "was canceled",
    (error: unknown) => `could not be canceled (${error instanceof Error ? error.message : String(error)}); cancel it`,
  );
  throw new UserError(
    `${run.branch ?? "the branch"} moved on from ${commit.slice(0, 12)} to ${run.commit.slice(0, 12)} while the build of ${imageRef} was started; its run ${run.url} ${canceled}; run pulumi up again`,
  );
}

async function whyFailed(imageRef: string, run: Run, jobs: readonly Job[], world: FollowWorld): Promise<string> {
  const failed = failedStep(jobs);
  const log =
    failed === undefined || run.conclusion === "cancelled" ? [] : await logOf(failed.job.id, failed.step, world);
  return failureMessage(imageRef, run, failed, log);
}

async function logOf(job: string, step: Parameters<typeof logTail>[1], world: FollowWorld): Promise<string[]> {
  try {
    let log = await world.api.jobLog(job);
    if (log === undefined) {
      // It is stored after the job has ended.
      await world.pause(Math.min(world.pollMs, 5000));
      log = await world.api.jobLog(job);
    }
    return log === undefined ? ["(GitHub has no log of it)"] : logTail(log, step);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [`(${error.message})`];
  }
}

const tooLong = (imageRef: string, { url }: Followed, said: string): UserError =>
  new UserError(
    `GitHub Actions did not build ${imageRef} in time; its run goes on${url === undefined ? "" : ` at ${url}`}${said === "" ? "" : ` (${said})`}: run pulumi up again to follow it, and set COMFY_ENDPOINTS_GHA_TIMEOUT_SECONDS to wait for longer`,
  );
