import { Octokit } from "@octokit/core";
import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";
import { z } from "zod";
import { commitAnswer, dispatchAnswer, jobsAnswer, runAnswer, runsAnswer, treeAnswer, userAnswer } from "./answers.ts";
import type { GitHubApi, RepositoryFile } from "./api.ts";
import { GitHubError, gitHubError, isGitHubRefusal } from "./errors.ts";
import type { GitHubSettings } from "./settings.ts";

export interface ClientOptions {
  log: (line: string) => void;
  /** Ends every request, and every wait for one. */
  signal: AbortSignal;
  /** Milliseconds that a used-up rate limit may be waited for, now. */
  patienceMs: () => number;
}

const requestMs = 30_000;

/** For a request that may have worked although no answer came, and for one that comes again by itself. */
const once = { request: { retries: 0 } };

const ResilientOctokit = Octokit.plugin(retry, throttling);

/** The API; every failure is a GitHubError, or the signal's reason. */
export function createGitHubClient(settings: GitHubSettings, options: ClientOptions): GitHubApi {
  const { owner, repo, workflow: workflow_id, ref } = settings;
  const repository = `${owner}/${repo}`;
  const octokit = createOctokit(settings, options);
  const here = { owner, repo };

  async function ask<T>(doing: string, answer: z.ZodType<T>, send: () => Promise<{ data: unknown }>): Promise<T> {
    try {
      const { data } = await untilAborted(options.signal, send());
      return answer.parse(data);
    } catch (error) {
      options.signal.throwIfAborted();
      throw refusalOf(doing, repository, error);
    }
  }

  return {
    commit: () =>
      ask(`tell which commit ${ref} (COMFY_ENDPOINTS_GHA_REF) is at`, commitAnswer, () =>
        octokit.request("GET /repos/{owner}/{repo}/commits/{ref}", { ...here, ref }),
      ),
    files: async (tree_sha) => {
      const route = "GET /repos/{owner}/{repo}/git/trees/{tree_sha}";
      const doing = `list the files of ${ref}`;
      const { tree, truncated } = await ask(doing, treeAnswer, () =>
        octokit.request(route, { ...here, tree_sha, recursive: "1" }),
      );
      if (truncated) throw new GitHubError("invalid", `${repository} has more files than GitHub lists at once`, "");
      return tree.flatMap(({ path, mode, type, sha }): RepositoryFile[] =>
        type === "blob" ? [{ path, mode, sha }] : [],
      );
    },
    login: async () => {
      try {
        return (await ask("tell whose token this is", userAnswer, () => octokit.request("GET /user"))).login;
      } catch (error) {
        if (isGitHubRefusal(error, "token", "missing")) return undefined;
        throw error;
      }
    },
    dispatch: async (inputs, tellsRun) => {
      const route = "POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches";
      const answer = z.union([dispatchAnswer, z.unknown().transform(() => undefined)]);
      const told = await ask(`start ${workflow_id}`, answer, () =>
        octokit.request(route, {
          ...here,
          workflow_id,
          ref,
          inputs,
          ...(tellsRun && { return_run_details: true }),
          ...once,
        }),
      );
      return told?.workflow_run_id;
    },
    runs: async () => {
      const route = "GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs";
      const answer = await ask(`list the runs of ${workflow_id}`, runsAnswer, () =>
        octokit.request(route, { ...here, workflow_id, event: "workflow_dispatch", per_page: 100 }),
      );
      return answer.workflow_runs;
    },
    run: (id) =>
      orUndefined(
        ask(`tell about run ${id}`, runAnswer, () =>
          octokit.request("GET /repos/{owner}/{repo}/actions/runs/{run_id}", { ...here, run_id: Number(id), ...once }),
        ),
      ),
    jobs: async (id) => {
      const route = "GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs";
      const { jobs } = await ask(`list the jobs of run ${id}`, jobsAnswer, () =>
        octokit.request(route, { ...here, run_id: Number(id), per_page: 100, ...once }),
      );
      return jobs;
    },
    jobLog: (id) =>
      orUndefined(
        ask(`give the log of job ${id}`, logAnswer, () =>
          // The log lies elsewhere; fetch follows, and leaves the token behind.
          octokit.request("GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs", { ...here, job_id: Number(id) }),
        ),
      ),
    cancel: async (id) => {
      const route = "POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel";
      await ask(`cancel run ${id}`, z.unknown(), () => octokit.request(route, { ...here, run_id: Number(id) }));
    },
  };
}

const logAnswer = z.union([z.string(), z.instanceof(ArrayBuffer).transform((bytes) => Buffer.from(bytes).toString())]);

function createOctokit(
  { token, apiUrl }: GitHubSettings,
  { log, signal, patienceMs }: ClientOptions,
): InstanceType<typeof ResilientOctokit> {
  const waits = (seconds: number): boolean => {
    const isBearable = seconds * 1000 < patienceMs();
    if (isBearable) log(`GitHub's rate limit is used up; it is asked again in ${seconds} s`);
    return isBearable;
  };
  const octokit = new ResilientOctokit({
    auth: token,
    baseUrl: apiUrl,
    userAgent: "comfy-endpoints/0.1",
    log: { debug: nothing, info: nothing, warn: log, error: nothing },
    request: {
      fetch: (input: string, init: RequestInit) =>
        fetch(input, { ...init, signal: AbortSignal.any([signal, AbortSignal.timeout(requestMs)]) }),
    },
    // Too many requests are the other plugin's.
    retry: { doNotRetry: [400, 401, 403, 404, 409, 410, 422, 429, 451] },
    // Every server has limits of its own.
    throttle: { id: apiUrl, onRateLimit: waits, onSecondaryRateLimit: waits },
  });
  octokit.hook.before("request", ({ headers }) => {
    headers["x-github-api-version"] = "2022-11-28";
  });
  return octokit;
}

const nothing = (): void => undefined;

/** Octokit waits before it asks again, and can be told nothing meanwhile. */
function untilAborted<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isGitHubRefusal(error, "missing")) return undefined;
    throw error;
  }
}

function refusalOf(doing: string, repository: string, error: unknown): unknown {
  if (error instanceof z.ZodError) {
    const message = `GitHub did not ${doing} in ${repository}: its answer is not what its documentation says`;
    return new GitHubError("invalid", message, "", { cause: error });
  }
  if (!(error instanceof Error) || !("status" in error) || typeof error.status !== "number") return error;
  const { status, message } = error;
  const headers =
    "response" in error ? (error.response as { headers: Record<string, string> } | undefined)?.headers : undefined;
  // Octokit puts a link to the documentation behind GitHub's words.
  return gitHubError(doing, repository, { status, said: message.replace(/ - https:\S*$/, ""), headers });
}
