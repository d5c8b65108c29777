import { basename } from "node:path";
import { inputField } from "../../contract/deployable.ts";
import { isClass } from "../../contract/workflow.ts";
import type { ContractInput } from "../../contract/workflow-contract.ts";
import type { ComfyClient } from "../comfy/client.ts";
import type { FileStore } from "../files/store.ts";
import { fileIds } from "../workflow/inputs.ts";
import type { Workflow } from "../workflow/load.ts";
import type { JobRecord } from "./store.ts";

/** A media input cannot be given to its node; the message is the job's error. */
export class MediaProblem extends Error {}

/**
 * What the nodes of media inputs are given for the files that a job names, by input name: a path where a node takes text,
 * and the name in ComfyUI's input folder, where the file is copied first, where a node chooses from that folder.
 * @throws {MediaProblem} when a file is gone, or too large for ComfyUI
 */
export async function mediaValues(
  { contract, prompt }: Workflow,
  job: Pick<JobRecord, "id" | "inputs">,
  files: Pick<FileStore, "get" | "lend">,
  client: Pick<ComfyClient, "inputType" | "putInput">,
  abort: AbortSignal,
): Promise<Map<string, string>> {
  const media = new Map<string, string>();
  for (const { input, id } of fileIds(contract.inputs, job.inputs)) {
    const declared = contract.inputs.find(({ name }) => name === input);
    const file = await files.get(id);
    const path = file && declared && (await files.lend(file, declared.type, job.id));
    if (path === undefined || declared === undefined)
      throw new MediaProblem(`VALIDATION_ERROR:file_not_found:${input}`);
    // Named by its id: the same file, given again, is not stored a second time.
    const value = (await takesPath(declared, prompt, client))
      ? path
      : await client.putInput(path, basename(path), abort);
    if (value === undefined) throw new MediaProblem(`VALIDATION_ERROR:file_too_large_for_comfyui:${input}`);
    media.set(input, value);
  }
  return media;
}

async function takesPath(
  input: ContractInput,
  prompt: Workflow["prompt"],
  client: Pick<ComfyClient, "inputType">,
): Promise<boolean> {
  const node = prompt[input.node_id];
  const field = node && inputField(input, node);
  if (node === undefined || field === undefined) return true;
  return isClass(node, "ApiInput") || (await client.inputType(node.class_type, field)) === "STRING";
}
