import { readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { targetOf } from "../../contract/models/artifact.ts";
import type { Needs } from "./needs.ts";
import type { ContractDocument } from "./propose.ts";

const repository = join(import.meta.dirname, "../..");

/** What an app is called that lies in a folder: the folder's name, as far as ids may be like that. */
export function appIdOf(folder: string): string {
  const name = basename(folder)
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^[-_]+/, "")
    .slice(0, 40);
  return name === "" ? "app" : name;
}

/** An app's `$schema`: where editors find it from that folder. */
const schemaPath = (folder: string, name: string): string =>
  relative(folder, join(repository, "docs/schemas", `${name}.schema.json`)).replaceAll("\\", "/");

export const contractText = (folder: string, contract: object): string =>
  jsonText({ $schema: schemaPath(folder, "workflow.contract"), ...contract });

/** app.json of a workflow, with everything in it whose source is known. */
export function appText(folder: string, contract: ContractDocument, needs: Needs): string {
  const appId = appIdOf(folder);
  const makesVideo = contract.outputs.some(({ type }) => type.startsWith("video/"));
  return jsonText({
    $schema: schemaPath(folder, "app"),
    app_id: appId,
    version: "v1",
    workflow_path: "./workflow.json",
    provider: "runpod",
    regions: ["US"],
    env: {},
    endpoint: {
      ...{ name: appId, mode: "async", auth_mode: "api_key" },
      ...{ timeout_seconds: makesVideo ? 1800 : 300, max_payload_mb: 1 },
    },
    cache_policy: { watch_paths: [], min_file_size_mb: 100 },
    build: imageOf("flux_text_to_image"),
    compute_policy: { min_vram_gb: makesVideo ? 48 : 24, gpu_count: 1 },
    artifacts: artifactsOf(needs),
  });
}

function artifactsOf({ models, packs }: Needs): object[] {
  const knownPacks = packs.flatMap(({ source_url, ref, provides }) =>
    source_url === null ? [] : [{ kind: "custom_node", source_url, ref: ref ?? "main", provides }],
  );
  const knownModels = models.flatMap(({ filename: match, folder: target_subdir, source_url }) => {
    const target_path = match.replaceAll("\\", "/");
    return source_url === null ? [] : [{ source_url, match, target_subdir, target_path }];
  });
  // Two names of one file are one artifact.
  return [...knownPacks, ...new Map(knownModels.map((model) => [targetOf(model), model])).values()];
}

/** The files of an app that needs no model: the demo, under another name. */
export function demoFiles(folder: string): Record<string, string> {
  const appId = appIdOf(folder);
  const app = { ...readApp("demo", "app.json"), $schema: schemaPath(folder, "app"), app_id: appId };
  const contract = readApp("demo", "workflow.contract.json");
  const named = { $schema: schemaPath(folder, "workflow.contract"), contract_id: `${appId}-contract` };
  return {
    "workflow.json": jsonText(readApp("demo", "workflow.json")),
    "workflow.contract.json": jsonText({ ...contract, ...named }),
    "app.json": jsonText(app),
  };
}

/** The image of an app that comes along: its ComfyUI is pinned to a commit. */
const imageOf = (app: string): unknown => readApp(app, "app.json")["build"];

const readApp = (app: string, file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(repository, "apps", app, file), "utf8")) as Record<string, unknown>;

export const jsonText = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;
