/** Sends requests to GitHub as the plugin is configured to. */
export interface GitHubConfig {
  owner: string;
  token: string;
  /** With a slash at the end. */
  baseUrl: string;
}

export type Send = <T>(method: string, path: string, body?: object) => Promise<T | undefined>;

/** @returns what sends to a repository of the owner; what it answers is undefined when there is none */
export const sendTo =
  ({ owner, token, baseUrl }: GitHubConfig, repository: string): Send =>
  async <T>(method: string, path: string, body?: object): Promise<T | undefined> => {
    const response = await fetch(`${baseUrl}repos/${owner}/${repository}/${path}`, {
      method,
      headers: {
        ...{ authorization: `token ${token}`, "x-github-api-version": "2022-11-28" },
        "content-type": "application/json",
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`${method} ${response.url}: ${response.status} ${text}`);
    return (text === "" ? {} : JSON.parse(text)) as T;
  };
