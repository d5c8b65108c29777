import { UserError } from "../../../contract/errors.ts";

/**
 * What a refusal of GitHub's means: token: it is wrong, or may not; missing: there is none, or the token may not see it;
 * invalid: the request cannot be met; limited: too many requests; silent: no answer, or a fault of GitHub's own, and what
 * became of the request is unknown.
 */
export type GitHubRefusal = "token" | "missing" | "invalid" | "limited" | "silent";

/** GitHub said no, or nothing. The message is fit to be shown. */
export class GitHubError extends UserError {
  readonly refusal: GitHubRefusal;
  /** GitHub's own words; empty when there are none. */
  readonly said: string;

  constructor(refusal: GitHubRefusal, message: string, said: string, options?: ErrorOptions) {
    super(message, [], options);
    this.refusal = refusal;
    this.said = said;
  }
}

export const isGitHubRefusal = (error: unknown, ...refusals: GitHubRefusal[]): error is GitHubError =>
  error instanceof GitHubError && refusals.includes(error.refusal);

/** What octokit throws, as far as it is used. */
export interface Answer {
  /** 500 when there was no answer at all. */
  status: number;
  /** GitHub's words, or what the network said. */
  said: string;
  /** Undefined when there was no answer. */
  headers: Readonly<Record<string, string | number | undefined>> | undefined;
}

/** What a token needs, for both kinds of them. */
const needs =
  "a fine-grained token for that repository with Contents: read and Actions: read and write, or a classic one with the scope repo";

/**
 * What an answer means, and what to do about it.
 * @param doing what was asked for, as a clause: "start build.yml"
 */
export function gitHubError(doing: string, repository: string, { status, said, headers }: Answer): GitHubError {
  const refused = (refusal: GitHubRefusal, message: string) =>
    new GitHubError(refusal, `GitHub did not ${doing} in ${repository}: ${message}`, said);
  if (headers === undefined) return refused("silent", `it does not answer (${said})`);
  if (/secondary rate/i.test(said) || headers["x-ratelimit-remaining"] === "0" || status === 429) {
    return refused("limited", `the token's rate limit is used up${untilOf(headers)}; try again then`);
  }
  switch (status) {
    case 401:
      return refused("token", "it does not know the token in GITHUB_TOKEN, or that has expired; give another one");
    case 403:
      return refused("token", `the token in GITHUB_TOKEN may not (${said}${permissionOf(headers)}); give ${needs}`);
    case 404:
      return refused(
        "missing",
        `there is none, or the token in GITHUB_TOKEN may not see it; check the name, or give ${needs}`,
      );
    default:
      return status >= 500 ? refused("silent", `HTTP ${status} (${said})`) : refused("invalid", said);
  }
}

function permissionOf(headers: NonNullable<Answer["headers"]>): string {
  const wanted = headers["x-accepted-github-permissions"] ?? headers["x-accepted-oauth-scopes"];
  return wanted === undefined || wanted === "" ? "" : `; it wants ${wanted}`;
}

function untilOf(headers: NonNullable<Answer["headers"]>): string {
  const retryAfter = Number(headers["retry-after"]);
  if (retryAfter > 0) return ` for ${retryAfter} s`;
  const reset = Number(headers["x-ratelimit-reset"]);
  return reset > 0 ? ` until ${new Date(reset * 1000).toISOString()}` : "";
}
