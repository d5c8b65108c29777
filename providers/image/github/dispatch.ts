import { randomBytes } from "node:crypto";
import { UserError } from "../../../contract/errors.ts";
import type { GitHubApi, Run } from "./api.ts";
import { type GitHubError, isGitHubRefusal } from "./errors.ts";
import { ownRuns, type Started } from "./find-run.ts";
import type { GitHubSettings } from "./settings.ts";

export interface DispatchWorld {
  api: GitHubApi;
  settings: GitHubSettings;
  /** Rejects when the build is broken off. */
  pause: (milliseconds: number) => Promise<void>;
  /** Milliseconds until the build has taken too long. */
  remainingMs: () => number;
}

/** How long a run may take to be seen whose dispatch was not answered, before it counts as not started. */
const unansweredMs = 60_000;

/**
 * Starts the workflow, and finds its run.
 * @param inputs what the workflow is to be given
 * @param earlier the workflow's runs before
 * @returns the run's id
 * @throws {UserError} when it cannot be started, or its run not be told from others
 */
export async function dispatchRun(
  inputs: Readonly<Record<string, string>>,
  commit: string,
  earlier: readonly Run[],
  world: DispatchWorld,
): Promise<string> {
  const { api, settings } = world;
  const correlationId = randomBytes(6).toString("hex");
  const sent = await dispatch(inputs, correlationId, world);
  if (sent.run !== undefined) return sent.run;
  const started: Started = {
    correlationId: sent.isCorrelated ? correlationId : undefined,
    commit,
    ref: settings.ref,
    actor: sent.isCorrelated ? undefined : await api.login(),
    earlier: new Set(earlier.map(({ id }) => id)),
  };
  const run = await findStarted(started, sent.trouble === undefined ? Number.POSITIVE_INFINITY : unansweredMs, world);
  if (run !== undefined) return run.id;
  throw (
    sent.trouble ??
    new UserError(
      `GitHub took the start of ${settings.workflow}, but no run of it was seen within ${settings.timeoutMs / 1000} s; look at https://www.githubstatus.com, or set COMFY_ENDPOINTS_GHA_TIMEOUT_SECONDS`,
    )
  );
}

interface Sent {
  /** Undefined when GitHub did not tell. */
  run: string | undefined;
  isCorrelated: boolean;
  /** Undefined when GitHub said that it starts the workflow. */
  trouble: GitHubError | undefined;
}

/** A workflow that knows no correlation id, and a server that tells no runs, refuse them; what was refused did nothing. */
async function dispatch(
  inputs: Readonly<Record<string, string>>,
  correlationId: string,
  { api }: DispatchWorld,
): Promise<Sent> {
  let isCorrelated = true;
  let tellsRun = true;
  for (;;) {
    try {
      const given = isCorrelated ? { ...inputs, correlation_id: correlationId } : inputs;
      return { run: await api.dispatch(given, tellsRun), isCorrelated, trouble: undefined };
    } catch (error) {
      if (isGitHubRefusal(error, "silent")) return { run: undefined, isCorrelated, trouble: error };
      if (!isGitHubRefusal(error, "invalid")) throw error;
      if (tellsRun && error.said.includes("return_run_details")) tellsRun = false;
      else if (isCorrelated && /unexpected inputs.*correlation_id/i.test(error.said)) isCorrelated = false;
      else throw error;
    }
  }
}

async function findStarted(started: Started, withinMs: number, world: DispatchWorld): Promise<Run | undefined> {
  const { api, settings, pause, remainingMs } = world;
  const until = remainingMs() - withinMs;
  let seen: Run | undefined;
  while (remainingMs() > Math.max(0, until)) {
    const own = ownRuns(await runsOf(api), started);
    if (own.length > 1) throw ambiguous(own, settings);
    const [run] = own;
    // Somebody else's may come first: one that only circumstances speak for is looked at twice.
    if (run !== undefined && (started.correlationId !== undefined || seen?.id === run.id)) return run;
    seen = run;
    await pause(Math.min(settings.pollMs, 3000));
  }
  return undefined;
}

/** The workflow is started, whether GitHub tells its runs or not. */
async function runsOf(api: GitHubApi): Promise<Run[]> {
  try {
    return await api.runs();
  } catch (error) {
    if (isGitHubRefusal(error, "silent")) return [];
    throw error;
  }
}

const ambiguous = (runs: readonly Run[], { workflow }: GitHubSettings): UserError =>
  new UserError(
    `GitHub does not tell which run of ${workflow} is the one that was started: ${runs.map(({ url }) => url).join(", ")} began at the same time, by the same user and at the same commit; give the workflow an input correlation_id that is part of its run-name, or wait until they ended and run pulumi up again`,
  );
