import type { Express, Response } from "express";
import { commitBody, jobBody, message, runBody, treeBody, userBody } from "./bodies.ts";
import { addContentRoutes } from "./content-routes.ts";
import { addRun, lookAtRun, sha1, succeeded, type TestRepository, type TestRun } from "./repository.ts";
import type { GitHubServerSettings, TestGitHub } from "./server.ts";

const notFound = (response: Response): void => void response.status(404).json(message("Not Found", 404));
const unprocessable = (response: Response, said: string): void => void response.status(422).json(message(said, 422));

/** @param store keeps a log; returns where */
export function addRoutes(app: Express, github: TestGitHub, store: (job: number, log: string) => string): void {
  const { repository, settings } = github;
  const root = `/repos/${repository.owner}/${repository.name}`;
  const url = github.url + root;
  const page = `https://github.com/${repository.owner}/${repository.name}`;
  const jobs = new Map<string, { run: TestRun; log: string | undefined }>();
  /** What the last look at a run showed: its jobs are those of the same moment. */
  const shown = new Map<TestRun, ReturnType<typeof lookAtRun>>();

  app.get("/user", (_, response) => {
    if (settings.login === undefined) response.status(403).json(message("Resource not accessible by integration", 403));
    else response.json(userBody(github.url, settings.login));
  });

  app.use(root, (_, response, next) => (settings.maySee ? next() : notFound(response)));

  app.get(`${root}/commits/:ref`, ({ params: { ref } }, response) => {
    const sha = repository.refs[ref];
    if (sha === undefined) unprocessable(response, `No commit found for SHA: ${ref}`);
    else response.json(commitBody(url, sha));
  });

  app.get(`${root}/git/trees/:sha`, ({ params, query }, response) => {
    const [, files] = [...repository.commits].find(([sha]) => sha1(`tree ${sha}`) === params.sha) ?? [];
    if (files === undefined || query["recursive"] === undefined) notFound(response);
    else response.json(treeBody(url, params.sha, files));
  });

  addContentRoutes(app, root, repository);

  app.post(`${root}/actions/workflows/:file/dispatches`, ({ params, body }, response) => {
    const { ref, inputs = {}, ...rest } = body as { ref: string; inputs?: Record<string, string> };
    const refusal = refusalOf(params.file, ref, inputs, rest, repository, settings);
    if (refusal !== undefined) {
      const [status, said, headers = {}] = refusal;
      response.set(headers).status(status).json(message(said, status));
      return;
    }
    const { commit = repository.refs[ref] ?? "", ...plan } = repository.plans.shift() ?? {};
    const title = repository.workflow.runName(inputs);
    const actor = settings.login ?? "github-actions[bot]";
    const run = addRun(repository, { ...{ title, actor, branch: ref, inputs, commit }, ...plan });
    if (rest["return_run_details" as never] !== true || settings.tellsRun !== "when asked") response.sendStatus(204);
    else {
      const own = { run_url: `${url}/actions/runs/${run.id}`, html_url: `${page}/actions/runs/${run.id}` };
      response.json({ workflow_run_id: run.id, ...own });
    }
  });

  app.get(`${root}/actions/workflows/:file/runs`, ({ params }, response) => {
    if (params.file !== repository.workflow.file) {
      notFound(response);
      return;
    }
    const runs = repository.runs.filter((run) => run.hiddenFor-- <= 0).toReversed();
    response.json({
      total_count: runs.length,
      workflow_runs: runs.map((run) => runBody(url, page, run, run.stages[0] ?? succeeded)),
    });
  });

  app.get(`${root}/actions/runs/:id`, ({ params: { id } }, response) => {
    const run = repository.runs.find((candidate) => String(candidate.id) === id);
    if (run === undefined || run.hiddenFor-- > 0) {
      notFound(response);
      return;
    }
    const stage = lookAtRun(run);
    shown.set(run, stage);
    response.json(runBody(url, page, run, stage));
  });

  app.get(`${root}/actions/runs/:id/jobs`, ({ params: { id } }, response) => {
    const run = repository.runs.find((candidate) => String(candidate.id) === id);
    if (run === undefined) {
      notFound(response);
      return;
    }
    const bodies = (shown.get(run)?.jobs ?? []).map((job, at) => {
      const jobId = run.id * 10 + at;
      jobs.set(String(jobId), { run, log: job.log });
      return jobBody(url, run, job, jobId);
    });
    response.json({ total_count: bodies.length, jobs: bodies });
  });

  app.get(`${root}/actions/jobs/:id/logs`, ({ params: { id } }, response) => {
    const log = jobs.get(id)?.log;
    if (log === undefined) notFound(response);
    else response.redirect(302, store(Number(id), log));
  });

  app.post(`${root}/actions/runs/:id/cancel`, ({ params: { id } }, response) => {
    const run = repository.runs.find((candidate) => String(candidate.id) === id);
    if (run === undefined) notFound(response);
    else {
      run.canceled = true;
      response.status(202).json({});
    }
  });
}

type Refusal = [status: number, said: string, headers?: Record<string, string>];

function refusalOf(
  file: string,
  ref: string,
  inputs: Readonly<Record<string, string>>,
  rest: object,
  { workflow, refs }: TestRepository,
  { mayStart, tellsRun }: GitHubServerSettings,
): Refusal | undefined {
  if (file !== workflow.file) return [404, "Not Found"];
  if (!mayStart) {
    const wanted = { "x-accepted-github-permissions": "actions=write" };
    return [403, "Resource not accessible by personal access token", wanted];
  }
  const unknown = Object.keys(rest).find((key) => key !== "return_run_details" || tellsRun === "refuses");
  if (unknown !== undefined) return [400, `"${unknown}" is not a permitted key.`];
  if (refs[ref] === undefined) return [422, `No ref found for: ${ref}`];
  const unexpected = Object.keys(inputs).filter((name) => !workflow.inputs.includes(name));
  return unexpected.length === 0 ? undefined : [422, `Unexpected inputs provided: ${JSON.stringify(unexpected)}`];
}
