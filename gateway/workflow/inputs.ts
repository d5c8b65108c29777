import { inputField } from "../../contract/deployable.ts";
import type { InputValues } from "../../contract/input-values.ts";
import { isMediaType } from "../../contract/value-types.ts";
import { isClass, type Prompt, type PromptNode } from "../../contract/workflow.ts";
import type { ContractInput } from "../../contract/workflow-contract.ts";
import type { Workflow } from "./load.ts";

/**
 * The prompt of one job: the template with the caller's values in it.
 * @param values checked against the contract
 * @param media what goes into the nodes in place of file ids, by input name
 */
export function buildPrompt(
  { prompt: template, contract }: Workflow,
  jobId: string,
  values: InputValues,
  media: ReadonlyMap<string, string>,
): Prompt {
  const prompt = structuredClone(template);
  for (const input of contract.inputs) {
    const node = prompt[input.node_id];
    const value = values[input.name];
    if (node === undefined || value === undefined) continue;
    const field = inputField(input, node);
    if (field === undefined) continue;
    node.inputs[field] = nodeValue(input, value, media);
    // ApiInput turns its text back into a value of this type.
    if (isClass(node, "ApiInput")) node.inputs["type"] = input.type;
  }
  for (const [id, node] of Object.entries(prompt)) prefixOutputs(node, jobId, outputName({ contract }, id));
  return prompt;
}

/** File ids that the values name. */
export function fileIds(inputs: readonly ContractInput[], values: InputValues): { input: string; id: string }[] {
  return inputs
    .filter(({ name, type }) => isMediaType(type) && typeof values[name] === "string")
    .map(({ name }) => ({ input: name, id: String(values[name]) }));
}

function nodeValue({ name, type }: ContractInput, value: unknown, media: ReadonlyMap<string, string>): unknown {
  if (isMediaType(type)) return media.get(name);
  // ComfyUI reads ["8", 0] as a link to node 8, also inside its own wrapper {"__value__": …}: only text is safe.
  if (type === "array" || type === "object") return JSON.stringify(value);
  return value;
}

const outputName = ({ contract }: Pick<Workflow, "contract">, nodeId: string): string =>
  contract.outputs.find((output) => output.node_id === nodeId)?.name ?? nodeId;

/**
 * Puts the job's id before every output file name. It keeps jobs apart, and it makes output nodes run again: for an equal
 * prompt ComfyUI's cache answers with the names of files that may be gone.
 */
function prefixOutputs(node: PromptNode, jobId: string, name: string): void {
  const prefix = node.inputs["filename_prefix"];
  if (typeof prefix === "string" && prefix !== "") node.inputs["filename_prefix"] = `${jobId}/${prefix}`;
  else if (isClass(node, "ApiOutput")) node.inputs["filename_prefix"] = `${jobId}/${name}`;
}
