/** Git repositories, as apps name them. */

/** The last part of a git URL, as git names a clone. */
export const repositoryName = (repo: string): string =>
  repo
    .replace(/\/+$/, "")
    .replace(/^.*[/:]/s, "")
    .replace(/\.git$/i, "");

/** Whether a git URL holds a secret. `ssh://git@…` names a user, which is none. */
export function holdsLogin(repo: string): boolean {
  const url = URL.parse(repo);
  return url !== null && (url.password !== "" || (url.username !== "" && /^https?:$/.test(url.protocol)));
}

/** Whether a git ref is a full commit, which never moves. */
export const isCommit = (ref: string): boolean => /^[0-9a-f]{40}$/i.test(ref);
