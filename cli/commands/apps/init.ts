import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadDeployable } from "../../../contract/deployable.ts";
import { UserError } from "../../../contract/errors.ts";
import { parseJson } from "../../../contract/parse.ts";
import { parseWorkflow } from "../../../contract/workflow.ts";
import type { Context } from "../../context.ts";
import { NotFoundError, UsageError } from "../../errors.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { nearPath, readTextFile } from "../../files.ts";
import { jsonTimeoutMs, networkReason } from "../../http/network-reason.ts";
import { appIdOf, appText, contractText, demoFiles, jsonText } from "../../init/app-document.ts";
import { type Needs, needsOf } from "../../init/needs.ts";
import { noObjectInfo, type ObjectInfo, readObjectInfo } from "../../init/object-info.ts";
import { proposeContract } from "../../init/propose.ts";
import { promptOfUi } from "../../init/ui-prompt.ts";
import { aligned } from "../../output.ts";

export interface InitOptions {
  /** Path of a workflow in API or UI format; without it the app is a demo. */
  workflow?: string;
  /** Address of a ComfyUI that has the workflow's nodes. */
  comfyUrl?: string;
}

const noNeeds: Needs = { models: [], packs: [] };

/** Writes the three files of a new app into a folder; those that are there already stay as they are. */
export async function run(context: Context, folderPath: string, options: InitOptions): Promise<ExitCode> {
  const { cwd, output } = context;
  const folder = resolve(cwd, folderPath);
  const { files, needs } = await appFiles(context, folder, options);
  mkdirSync(folder, { recursive: true });
  const written = Object.entries(files).filter(([name]) => !existsSync(join(folder, name)));
  for (const [name, text] of written) writeFileSync(join(folder, name), text);
  for (const name of Object.keys(files).filter((one) => !written.some(([other]) => other === one))) {
    output.note(`${join(folder, name)} is there already, and stays as it is`);
  }

  const appFile = join(folder, "app.json");
  // What was written has to be right, and what it lacks is told as `validate` does.
  const { app, contract } = loadDeployable(appFile, readTextFile);
  const document = { app_id: app.app_id, app_file: appFile, written: written.map(([name]) => name), needs };
  output.result({ ...document, inputs: names(contract.inputs), outputs: names(contract.outputs) }, () => [
    `${output.strong(nearPath(cwd, appFile))}: ${names(contract.inputs).join(", ")} in, ${names(contract.outputs).join(", ")} out`,
    ...needLines(needs),
    `next: look into workflow.contract.json, then cend deploy ${nearPath(cwd, appFile)}`,
  ]);
  return exitCodes.done;
}

const names = (items: readonly { name: string }[]): string[] => items.map(({ name }) => name);

async function appFiles(
  context: Context,
  folder: string,
  { workflow, comfyUrl }: InitOptions,
): Promise<{ files: Record<string, string>; needs: Needs }> {
  if (workflow === undefined) {
    if (comfyUrl !== undefined) throw new UsageError("--comfy-url belongs to --workflow; give both");
    return { files: demoFiles(folder), needs: noNeeds };
  }
  const file = resolve(context.cwd, workflow);
  const text = readTextFile(file);
  if (text === undefined) throw new NotFoundError(`${file} does not exist; give the path of a workflow`);
  const info = comfyUrl === undefined ? noObjectInfo : await objectInfo(context, comfyUrl);
  const document = parseJson(text, file);
  const isUi = typeof document === "object" && document !== null && "nodes" in document;
  const converted = isUi ? promptOfUi(document, info, file) : undefined;
  const prompt = parseWorkflow(converted?.prompt ?? document, file);
  const contract = proposeContract(prompt, `${appIdOf(folder)}-contract`, info, file);
  const needs = needsOf(prompt, converted?.nodes ?? []);
  return {
    files: {
      "workflow.json": converted === undefined ? text : jsonText({ prompt: converted.prompt }),
      "workflow.contract.json": contractText(folder, contract),
      "app.json": appText(folder, contract, needs),
    },
    needs,
  };
}

async function objectInfo({ interrupted }: Context, comfyUrl: string): Promise<ObjectInfo> {
  const url = `${comfyUrl.replace(/\/+$/, "")}/object_info`;
  try {
    const response = await fetch(url, { signal: AbortSignal.any([interrupted, AbortSignal.timeout(jsonTimeoutMs)]) });
    if (!response.ok) throw new UserError(`GET ${url} answered ${response.status}; give the address of a ComfyUI`);
    return readObjectInfo(await response.json(), url);
  } catch (cause) {
    interrupted.throwIfAborted();
    if (cause instanceof UserError) throw cause;
    throw new UserError(`GET ${url} got no answer: ${networkReason(cause)}`, [], { cause });
  }
}

function needLines({ models, packs }: Needs): string[] {
  if (models.length + packs.length === 0) return [];
  const unknown = 'not known; add it to "artifacts" in app.json';
  return [
    "It needs:",
    ...aligned([
      ...models.map(({ filename, folder, source_url }) => [`  ${folder}/${filename}`, source_url ?? unknown]),
      ...packs.map(({ source_url, provides }) => [`  nodes ${provides.join(", ")}`, source_url ?? unknown]),
    ]),
  ];
}
