import type { NodePack } from "../../contract/nodes/packs.ts";
import type { Prompt } from "../../contract/workflow.ts";
import { type ComfyClient, Unreachable } from "../comfy/client.ts";
import { messageOf } from "../log.ts";
import { BootFailure } from "./failure.ts";
import { packName } from "./nodes/step.ts";

/**
 * Every node of the workflow must be known to ComfyUI: found now, by a look, and not by the first caller. ComfyUI imports
 * its nodes before it answers, so what it lacks then it will lack for good.
 * @param packs those that the app adds
 * @returns why ComfyUI did not answer, as a clause; undefined when it knows all
 * @throws {BootFailure} when it lacks a class
 */
export async function preflight(
  prompt: Prompt,
  packs: readonly NodePack[],
  client: Pick<ComfyClient, "hasClass">,
): Promise<string | undefined> {
  const classes = [...new Set(Object.values(prompt).map((node) => node.class_type))];
  const missing = new Set<string>();
  try {
    for (const name of classes) if (!(await client.hasClass(name))) missing.add(name);
  } catch (error) {
    if (error instanceof Unreachable) return `it does not answer (${messageOf(error.cause)})`;
    throw error;
  }
  if (missing.size > 0) throw lackOf(prompt, missing, packs);
  return undefined;
}

function lackOf(prompt: Prompt, missing: ReadonlySet<string>, packs: readonly NodePack[]): BootFailure {
  const nodes = Object.entries(prompt)
    .filter(([, node]) => missing.has(node.class_type))
    .map(([id, { class_type: name }]) => ({ id, name, pack: packs.find(({ provides }) => provides.includes(name)) }));
  const told = nodes.map(({ id, name, pack }) => {
    const origin = pack === undefined ? "" : `, which ${packName(pack)} should bring`;
    return `${name} (node ${id})${origin}`;
  });
  const remedies = [
    ...(nodes.some(({ pack }) => pack !== undefined)
      ? ["read in the log (GET /logs) why ComfyUI did not import it"]
      : []),
    ...(nodes.some(({ pack }) => pack === undefined) ? ["add the node packs that bring them to the app"] : []),
  ];
  return new BootFailure(
    "preflight",
    `ComfyUI lacks node classes of the workflow: ${told.join(", ")}`,
    remedies.join("; "),
    {
      details: {
        missing_classes: [...missing],
        missing_nodes: nodes.map(({ id, name, pack }) => ({
          ...{ node_id: id, class_type: name },
          artifact: pack === undefined ? null : packName(pack),
        })),
      },
    },
  );
}
