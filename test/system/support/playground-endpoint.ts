import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createComfyUi } from "../../../local/comfyui/comfyui.ts";
import { startGatewayProgram } from "../../support/gateway-program.ts";

export const apiKey = "key-of-the-playground";

/** A gateway's own program before a stand-in of ComfyUI that shows previews. */
export interface Endpoint {
  url: string;
  /** Asks with the key. */
  get<T>(path: string): Promise<T>;
  startComfyUi(): Promise<void>;
  close(): Promise<void>;
}

export interface EndpointOptions {
  /** An app of this repository, or documents. */
  app: string | { contract: object; workflow: object };
  /** Where ComfyUI is to be found, and nobody listens yet; unless that is told, it runs. */
  comfyPort?: number;
}

export async function startEndpoint({ app, comfyPort }: EndpointOptions): Promise<Endpoint> {
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-playground-"));
  const at = (name: string): string => join(folder, "comfyui", name);
  const comfyUi = createComfyUi({
    folders: { output: at("output"), input: at("input"), temp: at("temp") },
    previewMethod: "auto",
  });
  let comfy = comfyPort === undefined ? await comfyUi.listen(0) : undefined;
  let documents = ["--contract-path", "contract.json", "--workflow-path", "workflow.json"];
  if (typeof app === "string") documents = ["--app", join(import.meta.dirname, "../../../apps", app, "app.json")];
  else {
    writeFileSync(join(folder, "contract.json"), JSON.stringify(app.contract));
    writeFileSync(join(folder, "workflow.json"), JSON.stringify(app.workflow));
  }
  const place = ["--listen-port", "0", "--state-db", "state/jobs.db"];
  const comfyUrl = ["--comfy-url", comfy?.url ?? `http://127.0.0.1:${comfyPort}`];
  const gateway = startGatewayProgram([...documents, ...place, ...comfyUrl], {
    cwd: folder,
    env: { COMFY_ENDPOINTS_API_KEY: apiKey },
  });
  const close = async (): Promise<void> => {
    await gateway.kill();
    await comfy?.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const url = await gateway.url();
    return {
      ...{ url, close },
      get: async <T>(path: string) =>
        (await (await fetch(`${url}${path}`, { headers: { "x-api-key": apiKey } })).json()) as T,
      startComfyUi: async () => {
        comfy = await comfyUi.listen(comfyPort ?? 0);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
