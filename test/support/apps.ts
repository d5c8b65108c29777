/** Documents of a small valid app, for tests to break. */
export const appDocument = {
  app_id: "cards",
  version: "v1",
  workflow_path: "./workflow.json",
  provider: "runpod",
  regions: ["US"],
  env: {},
  endpoint: { name: "Cards", mode: "async", auth_mode: "api_key", timeout_seconds: 60, max_payload_mb: 1 },
  cache_policy: { watch_paths: [], min_file_size_mb: 100 },
  build: { comfy_version: "0.3.64", plugins: [], image_ref: "example/golden:1" },
};

export const workflowDocument = {
  prompt: {
    "1": { class_type: "ApiInput", inputs: { name: "prompt", type: "string", required: true, value: "" } },
    "2": { class_type: "PromptCard", inputs: { prompt: ["1", 0], width: 768, height: 512 } },
    "3": { class_type: "ApiOutput", inputs: { name: "image", type: "image/png", image: ["2", 0] } },
  },
};

export const contractDocument = {
  contract_id: "cards-contract",
  version: "v1",
  inputs: [{ name: "prompt", type: "string", required: true, node_id: "1" }],
  outputs: [{ name: "image", type: "image/png", node_id: "3" }],
};

/** The three files as `loadDeployable` reads them, with some replaced; null removes a file. */
export function appFiles(changed: { app?: unknown; workflow?: unknown; contract?: unknown } = {}) {
  const files: Record<string, unknown> = {
    "/app/app.json": appDocument,
    "/app/workflow.json": workflowDocument,
    "/app/workflow.contract.json": contractDocument,
    ...("app" in changed && { "/app/app.json": changed.app }),
    ...("workflow" in changed && { "/app/workflow.json": changed.workflow }),
    ...("contract" in changed && { "/app/workflow.contract.json": changed.contract }),
  };
  return (path: string): string | undefined => {
    const file = files[path];
    if (file === undefined || file === null) return undefined;
    return typeof file === "string" ? file : JSON.stringify(file);
  };
}
