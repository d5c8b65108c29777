import { describe, expect, it } from "vitest";
import { loadDeployable } from "../../contract/deployable.ts";
import { UserError } from "../../contract/errors.ts";
import { appDocument, appFiles, contractDocument, workflowDocument } from "../support/apps.ts";

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return "nothing was thrown";
}

const load = (changed: Parameters<typeof appFiles>[0] = {}) => loadDeployable("/app/app.json", appFiles(changed));

describe("loading an app", () => {
  it("reads the app, its workflow and the contract beside that", () => {
    const { app, contract, prompt, warnings } = load();
    expect(app.app_id).toBe("cards");
    expect(app.compute_policy.gpu_count).toBe(1);
    expect(app.endpoint.max_upload_mb).toBe(2048);
    expect(contract.inputs[0]?.name).toBe("prompt");
    expect(Object.keys(prompt)).toEqual(["1", "2", "3"]);
    expect(warnings).toEqual([]);
  });

  it("takes whole numbers that are written as text, as the original did", () => {
    const endpoint = { ...appDocument.endpoint, timeout_seconds: "300" };
    expect(load({ app: { ...appDocument, endpoint } }).app.endpoint.timeout_seconds).toBe(300);
  });

  it("warns of fields that choose nothing", () => {
    const { warnings } = load({ app: { ...appDocument, gpu_profile: "A10G" } });
    expect(warnings).toEqual(['"gpu_profile" (A10G) chooses nothing; use "preferred_gpu_types" or "compute_policy"']);
  });

  it("warns of every field that nobody reads, wherever it is", () => {
    const app = {
      $schema: "app.schema.json",
      ...appDocument,
      preferred_gpu_type: ["RTX 4090"],
      env: { ANY_NAME: "is fine" },
      endpoint: { ...appDocument.endpoint, timeout_secs: 5, warm_up: { prompt: "is checked by the contract" } },
      compute_policy: { min_vram: 24 },
      build: {
        ...appDocument.build,
        plugins: [{ repo: "https://example.com/a.git", ref: "a".repeat(40), branch: "b" }],
      },
      artifacts: [{ kind: "custom_node", source_url: "https://example.com/b.git", ref: "b".repeat(40), class: "B" }],
    };
    const [input] = contractDocument.inputs;
    const contract = { ...contractDocument, inputs: [{ ...input, maximum: 3 }] };
    const unknown = load({ app, contract }).warnings.map((warning) =>
      /^"(.*?)"( in \S+)? is not a known/.exec(warning),
    );
    expect(unknown.map((found) => `${found?.[1] ?? "another warning"}${found?.[2] ?? ""}`)).toEqual([
      "endpoint.timeout_secs",
      "build.plugins[0].branch",
      "preferred_gpu_type",
      "compute_policy.min_vram",
      "artifacts[0].class",
      "inputs[0].maximum in /app/workflow.contract.json",
    ]);
  });

  it.each<[string, Parameters<typeof appFiles>[0], string]>([
    ["no app.json", { app: null }, "/app/app.json does not exist; give the path of an app.json"],
    [
      "no workflow",
      { workflow: null },
      '/app/app.json: "workflow_path" is "./workflow.json"; there is no file /app/workflow.json',
    ],
    [
      "no contract",
      { contract: null },
      "/app/workflow.contract.json does not exist; the workflow's named inputs and outputs are declared there",
    ],
    [
      "a workflow in UI format",
      { workflow: { nodes: [{ id: 1, type: "ApiInput" }] } },
      '/app/workflow.json is in ComfyUI\'s UI format; save it with "Export (API)" and use that file',
    ],
    [
      "a node without a class",
      { workflow: { "1": { inputs: {} } } },
      '/app/workflow.json: node "1" is {"inputs":{}}; a node is an object with "class_type" and "inputs"',
    ],
    [
      "an app id that leads out of its folder",
      { app: { ...appDocument, app_id: "../x" } },
      '/app/app.json: "app_id" is "../x"; use letters, digits, _ and -, beginning with a letter or digit, at most 40 long',
    ],
    [
      "another cloud's name misspelled",
      { app: { ...appDocument, provider: "runpot" } },
      '/app/app.json: "provider" is "runpot"; it must be "runpod" or "vast" or "lambda" or "aws" or "gcp"',
    ],
    [
      "a model that would be written outside the models folder",
      {
        app: {
          ...appDocument,
          artifacts: [{ source_url: "https://x/m", match: "m", target_subdir: "vae", target_path: "../../etc/x" }],
        },
      },
      '/app/app.json: "artifacts[0].target_path" is "../../etc/x"; give a relative path without ".."',
    ],
    [
      "a contract that names a node the workflow lacks",
      { contract: { ...contractDocument, outputs: [{ ...contractDocument.outputs[0], node_id: "9" }] } },
      '/app/workflow.contract.json: "outputs[0].node_id" is "9", a node the workflow lacks; its nodes are 1 (ApiInput), 2 (PromptCard), 3 (ApiOutput)',
    ],
    [
      "an input that would cut a link",
      { contract: { ...contractDocument, inputs: [{ ...contractDocument.inputs[0], node_id: "2" }] } },
      '/app/workflow.contract.json: "inputs[0]" would cut the link that feeds "prompt" of node "2" (PromptCard); choose a field that holds a value',
    ],
    [
      "an input that does not say which field it sets",
      {
        contract: { ...contractDocument, inputs: [{ ...contractDocument.inputs[0], name: "size", node_id: "2" }] },
      },
      `/app/workflow.contract.json: "inputs[0].field" is missing; say which of PromptCard's inputs it sets: prompt, width, height`,
    ],
  ])("refuses %s", (_, changed, message) => {
    expect(messageOf(() => load(changed))).toBe(message);
  });

  it("names every problem of a file at once", () => {
    const app = { ...appDocument, version: undefined };
    const broken = {
      ...app,
      env: { "1X": "y" },
      endpoint: { ...app.endpoint, timeout_seconds: -1, auth_mode: "none" },
    };
    expect(() => load({ app: broken })).toThrow(
      [
        "/app/app.json has 4 problems:",
        '  "version" is missing; it must be a string',
        '  "env.1X" is "1X"; give a name of letters, digits and _',
        '  "endpoint.auth_mode" is "none"; it must be "api_key"',
        '  "endpoint.timeout_seconds" is -1; it must be at least 1 seconds',
      ].join("\n"),
    );
  });

  it("says where a file stops being JSON", () => {
    expect(() => load({ app: "{" })).toThrow(/^\/app\/app\.json is not valid JSON: .*position 1/);
  });

  it("takes a workflow that is not wrapped in `prompt`", () => {
    expect(Object.keys(load({ workflow: workflowDocument.prompt }).prompt)).toEqual(["1", "2", "3"]);
  });
});
