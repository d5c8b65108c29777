/** How GitHub Actions is asked to build, as the environment has it. */

import { UserError } from "../../../contract/errors.ts";
import { isCommit } from "../../../contract/nodes/repository.ts";
import { githubTroubleOf } from "../backend.ts";
import { isLoopback } from "../registry/address.ts";

export interface GitHubSettings {
  token: string;
  owner: string;
  repo: string;
  /** File name of the workflow. */
  workflow: string;
  /** Branch or tag that is built. */
  ref: string;
  /** How long a build may take, from the first request on. */
  timeoutMs: number;
  /** Between two looks at a run. */
  pollMs: number;
  /** Without a slash at the end. */
  apiUrl: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** @throws {UserError} naming the variable, its value and what it takes */
export function githubSettings(env: Env): GitHubSettings {
  const trouble = githubTroubleOf(env);
  if (trouble !== undefined) throw new UserError(`GitHub Actions cannot build: ${trouble}`);
  const [owner = "", repo = ""] = (env["GITHUB_REPOSITORY"] ?? "").split("/");
  return {
    token: env["GITHUB_TOKEN"] ?? "",
    owner,
    repo,
    workflow: workflowOf(env),
    ref: refOf(env),
    timeoutMs: millisecondsOf(env, "COMFY_ENDPOINTS_GHA_TIMEOUT_SECONDS", 1800),
    pollMs: millisecondsOf(env, "COMFY_ENDPOINTS_GHA_POLL_SECONDS", 10),
    apiUrl: apiUrlOf(env),
  };
}

function workflowOf(env: Env): string {
  const name = env["COMFY_ENDPOINTS_GHA_WORKFLOW"] || "build_golden_image.yml";
  if (/^[^/]+\.ya?ml$/.test(name)) return name;
  throw new UserError(
    `COMFY_ENDPOINTS_GHA_WORKFLOW is "${name}"; give the name of a file in .github/workflows, such as build_golden_image.yml`,
  );
}

function refOf(env: Env): string {
  const ref = env["COMFY_ENDPOINTS_GHA_REF"] || "main";
  if (!isCommit(ref)) return ref.replace(/^refs\/(?:heads|tags)\//, "");
  throw new UserError(`COMFY_ENDPOINTS_GHA_REF is "${ref}", a commit; workflows run at a branch or a tag, give one`);
}

function millisecondsOf(env: Env, name: string, seconds: number): number {
  const text = env[name] || String(seconds);
  const given = Number(text);
  // Longer ones are more than a timer can hold.
  if (given > 0 && given <= 1_000_000) return given * 1000;
  throw new UserError(`${name} is "${text}"; give seconds above 0`);
}

function apiUrlOf(env: Env): string {
  const text = env["GITHUB_API_URL"] || "https://api.github.com";
  const url = URL.parse(text);
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (isSafe) return text.replace(/\/+$/, "");
  throw new UserError(`GITHUB_API_URL is "${text}"; give an https address, such as https://github.example.com/api/v3`);
}
