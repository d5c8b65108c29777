/** What a client has to know to use the local RunPod. */
export interface Access {
  /** Takes the place of `https://api.runpod.io`. */
  apiBaseUrl: string;
  apiKey: string;
  /** Address of a pod's http port, with `{podId}` and `{port}`. */
  proxyUrl: string;
}

export const accessTo = (url: string, apiKey: string): Access => ({
  apiBaseUrl: url,
  apiKey,
  proxyUrl: `${url}/proxy/{podId}-{port}`,
});

/** For people: what to set, and where to look. */
export function welcome({ apiBaseUrl, apiKey, proxyUrl }: Access): string {
  return [
    `RUNPOD_API_BASE_URL=${apiBaseUrl}`,
    `RUNPOD_PROXY_URL=${proxyUrl}`,
    `RUNPOD_API_KEY=${apiKey}`,
    "",
    `Pods and their logs: ${apiBaseUrl}/local`,
  ].join("\n");
}
