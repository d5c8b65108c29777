import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goldenImage } from "../../local/host/golden-image.ts";
import { createLocalRunPod, type LocalRunPod, type LocalRunPodOptions } from "../../local/runpod.ts";

export interface StartedRunPod extends LocalRunPod {
  url: string;
  /** Where its pods lie. */
  folder: string;
  /** Points a deployment at it. */
  env: Record<string, string>;
  /** Asks GraphQL with the account's key; `data` is undefined when nothing was executed. */
  graphql: (query: string, variables?: object) => Promise<GraphQlAnswer>;
  /** Address of a pod's port, as the proxy serves it. */
  podUrl: (podId: string, port: number) => string;
  close: () => Promise<void>;
}

export interface GraphQlAnswer {
  status: number;
  data?: Record<string, unknown>;
  errors?: { message: string; path?: string[]; extensions?: { code?: string } }[];
}

/** A RunPod in this process, on any port, with the delays near nothing; pods run the gateway unless told otherwise. */
export async function startLocalRunPod(options: Partial<LocalRunPodOptions> = {}): Promise<StartedRunPod> {
  const folder = mkdtempSync(join(tmpdir(), "local-runpod-test-"));
  const runpod = createLocalRunPod({
    dataFolder: folder,
    container: goldenImage(process.env),
    pullMs: 10,
    listLagMs: 0,
    ...options,
    reporting: { runtimeMs: 0, portsMs: 0, staleRuntimeMs: 0, ...options.reporting },
  });
  const { url, close } = await runpod.listen(0);
  return {
    ...runpod,
    url,
    folder,
    env: {
      RUNPOD_API_BASE_URL: url,
      RUNPOD_PROXY_URL: `${url}/proxy/{podId}-{port}`,
      RUNPOD_API_KEY: runpod.apiKey,
    },
    graphql: async (query, variables) => {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { authorization: `Bearer ${runpod.apiKey}`, "content-type": "application/json" },
        body: JSON.stringify({ query, variables }),
      });
      return { status: response.status, ...((await response.json()) as object) };
    },
    podUrl: (podId, port) => `${url}/proxy/${podId}-${port}`,
    close: async () => {
      await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
