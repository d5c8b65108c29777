/** GitHub's answers, with the fields that its REST documentation has. */
import { type CommittedFile, type Stage, sha1, type TestJob, type TestRun } from "./repository.ts";

const documentation = "https://docs.github.com/rest";

export const message = (said: string, status: number) => ({
  message: said,
  documentation_url: documentation,
  status: String(status),
});

export const userBody = (url: string, login: string) => ({
  ...{ login, id: sha1(login).length, node_id: "MDQ6VXNlcjE=", type: "User", site_admin: false },
  ...{ url: `${url}/users/${login}`, html_url: `https://github.com/${login}` },
});

export const commitBody = (url: string, sha: string) => ({
  ...{ sha, node_id: "MDY6Q29tbWl0", url: `${url}/commits/${sha}`, parents: [], stats: {}, files: [] },
  commit: { message: "a commit", tree: { sha: sha1(`tree ${sha}`), url: `${url}/git/trees/${sha1(`tree ${sha}`)}` } },
});

export const treeBody = (url: string, sha: string, files: ReadonlyMap<string, CommittedFile>) => ({
  ...{ sha, url: `${url}/git/trees/${sha}`, truncated: false },
  tree: [...files].flatMap(([path, { content, mode }]) => {
    const folders = path.split("/").slice(0, -1);
    const blob = {
      path,
      mode,
      type: "blob",
      sha: sha1(`blob ${Buffer.byteLength(content)}\0${content}`),
      size: content.length,
    };
    return [
      ...folders.map((_, at) => ({ path: folders.slice(0, at + 1).join("/"), mode: "040000", type: "tree", sha })),
      blob,
    ];
  }),
});

export function runBody(url: string, page: string, run: TestRun, stage: Pick<Stage, "status" | "conclusion">) {
  const own = `${url}/actions/runs/${run.id}`;
  return {
    ...{ id: run.id, name: "Build Golden Image", node_id: "MDEyOldvcmtmbG93UnVu", check_suite_id: run.id + 1 },
    ...{ check_suite_node_id: "MDEwOkNoZWNrU3VpdGU=", head_branch: run.branch, head_sha: run.commit },
    ...{ path: ".github/workflows/build_golden_image.yml", display_title: run.title, run_number: 562, run_attempt: 1 },
    ...{ event: "workflow_dispatch", status: stage.status, conclusion: stage.conclusion ?? null, workflow_id: 159038 },
    ...{ url: own, html_url: `${page}/actions/runs/${run.id}`, pull_requests: [] },
    ...{ created_at: run.createdAt, updated_at: run.createdAt, run_started_at: run.createdAt },
    ...{ actor: userBody(url, run.actor), triggering_actor: userBody(url, run.actor), referenced_workflows: [] },
    ...{ jobs_url: `${own}/jobs`, logs_url: `${own}/logs`, artifacts_url: `${own}/artifacts` },
    ...{ cancel_url: `${own}/cancel`, rerun_url: `${own}/rerun`, previous_attempt_url: null },
    ...{ check_suite_url: `${url}/check-suites/1`, workflow_url: `${url}/actions/workflows/159038`, head_commit: null },
  };
}

export function jobBody(url: string, run: TestRun, { name, status, conclusion, steps }: TestJob, id: number) {
  const [started_at, completed_at] = [run.createdAt, status === "completed" ? run.createdAt : null];
  return {
    ...{ id, run_id: run.id, run_url: `${url}/actions/runs/${run.id}`, run_attempt: 1, node_id: "MDg6Q2hlY2tSdW4=" },
    ...{ head_sha: run.commit, url: `${url}/actions/jobs/${id}`, html_url: `https://github.com/runs/${id}` },
    ...{ status, conclusion: conclusion ?? null, created_at: run.createdAt, started_at, completed_at, name },
    steps: steps?.map((step, at) => ({
      ...{ started_at: null, completed_at: null, conclusion: null, number: at + 1 },
      ...step,
    })),
    ...{ check_run_url: `${url}/check-runs/${id}`, labels: ["ubuntu-latest"], runner_id: 1, runner_name: "a runner" },
    ...{ runner_group_id: 2, runner_group_name: "GitHub Actions", workflow_name: "Build Golden Image" },
    head_branch: run.branch,
  };
}
