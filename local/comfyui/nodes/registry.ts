import { apiInput, apiOutput } from "./api-nodes.ts";
import { emptyImage, loadImage, previewImage, saveImage, saveImageWebsocket } from "./image-nodes.ts";
import type { NodeClass } from "./node.ts";
import { promptCard } from "./prompt-card.ts";
import { localBytes, localDie, localRaise, localSleep } from "./test-nodes.ts";

/** Every class the stand-in has, by name. */
export const nodeClasses: ReadonlyMap<string, NodeClass> = new Map(
  [
    ...[apiInput, apiOutput, promptCard],
    ...[emptyImage, saveImage, previewImage, saveImageWebsocket, loadImage],
    ...[localSleep, localRaise, localDie, localBytes],
  ].map((nodeClass) => [nodeClass.name, nodeClass]),
);

/** A class as /object_info shows it. */
export function objectInfo(nodeClass: NodeClass): object {
  const { inputs, outputs } = nodeClass;
  return {
    input: inputs,
    input_order: Object.fromEntries(Object.entries(inputs).map(([kind, specs]) => [kind, Object.keys(specs)])),
    is_input_list: false,
    output: outputs,
    output_is_list: outputs.map(() => false),
    output_name: nodeClass.outputNames ?? outputs,
    name: nodeClass.name,
    display_name: nodeClass.displayName,
    description: nodeClass.description,
    python_module: nodeClass.category === "ComfyEndpoints" ? "custom_nodes.comfy_nodes" : "nodes",
    category: nodeClass.category,
    output_node: nodeClass.outputNode,
    has_intermediate_output: false,
    search_aliases: [],
  };
}
