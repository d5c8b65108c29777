import { z } from "zod";

/** How far a node is, in steps of its own. */
export interface NodeSteps {
  value: number;
  max: number;
}

export interface NodeState {
  node: string;
  isRunning: boolean;
  isFinished: boolean;
  steps: NodeSteps;
}

/** What ComfyUI tells of a prompt while it runs. Without `promptId` it is the one that runs now. */
export type ComfyEvent = { promptId: string | undefined } & (
  | { kind: "started" }
  /** These nodes need not run: their outputs are known. */
  | { kind: "cached"; nodes: readonly string[] }
  /** This node runs now. */
  | { kind: "node"; node: string }
  | { kind: "steps"; node: string; steps: NodeSteps }
  /** All nodes that have run or do. */
  | { kind: "nodes"; nodes: readonly NodeState[] }
  | { kind: "executed"; node: string; output: Record<string, unknown> }
  /** It has ended, or is about to: its history is worth a look. */
  | { kind: "ended" }
  | { kind: "preview"; node: string | undefined; mediaType: string; bytes: Buffer }
);

/** An event without its prompt, which all have alike. */
type Told = ComfyEvent extends infer Each ? (Each extends unknown ? Omit<Each, "promptId"> : never) : never;
type Reader = (data: unknown) => ComfyEvent | undefined;

const inPrompt = z.object({ prompt_id: z.string().optional() });

/** Reads what fits the schema; everything else is of no use here. */
function reader<T extends z.output<typeof inPrompt>>(schema: z.ZodType<T>, tell: (data: T) => Told): Reader {
  return (data) => {
    const parsed = schema.safeParse(data);
    return parsed.success ? { promptId: parsed.data.prompt_id, ...tell(parsed.data) } : undefined;
  };
}

const steps = { value: z.number(), max: z.number() };
const node = inPrompt.extend({ node: z.string(), display_node: z.string().nullish() });
const nodeState = z.object({ ...steps, state: z.string(), display_node_id: z.string().nullish() });

const nothingRuns = inPrompt.extend({ node: z.null() });
const ended = reader(inPrompt, () => ({ kind: "ended" }));
// A node that another one grew into is shown as that one.
const executing = reader(node, (data) => ({ kind: "node", node: data.display_node ?? data.node }));

const readers = new Map<string, Reader>(
  Object.entries({
    execution_start: reader(inPrompt, () => ({ kind: "started" })),
    execution_cached: reader(inPrompt.extend({ nodes: z.array(z.string()) }), ({ nodes }) => ({
      kind: "cached",
      nodes,
    })),
    executing: (data) => (nothingRuns.safeParse(data).success ? ended(data) : executing(data)),
    progress: reader(inPrompt.extend({ node: z.string(), ...steps }), (data) => ({
      kind: "steps",
      node: data.node,
      steps: { value: data.value, max: data.max },
    })),
    progress_state: reader(inPrompt.extend({ nodes: z.record(z.string(), nodeState) }), ({ nodes }) => ({
      kind: "nodes",
      nodes: Object.entries(nodes).map(([id, { value, max, state, display_node_id: shown }]) => ({
        node: shown ?? id,
        // One of several that a node grew into does not end it.
        isFinished: state === "finished" && (shown ?? id) === id,
        isRunning: state === "running",
        steps: { value, max },
      })),
    })),
    executed: reader(node.extend({ output: z.record(z.string(), z.unknown()).nullish() }), (data) => ({
      kind: "executed",
      node: data.display_node ?? data.node,
      output: data.output ?? {},
    })),
    execution_success: ended,
    execution_error: ended,
    execution_interrupted: ended,
  }),
);

const frame = z.object({ type: z.string(), data: z.unknown() });

/** What a text message says; undefined for one that is of no use here. */
export function textEvent(message: string): ComfyEvent | undefined {
  const parsed = frame.safeParse(jsonOf(message));
  return parsed.success ? readers.get(parsed.data.type)?.(parsed.data.data) : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A NaN in somebody's progress: nothing that ends a prompt.
    return undefined;
  }
}

const previewImage = 1;
const previewWithMetadata = 4;
const imageFormats: Partial<Record<number, string>> = { 1: "image/jpeg", 2: "image/png" };
const metadata = inPrompt.extend({
  node_id: z.string().nullish(),
  display_node_id: z.string().nullish(),
  image_type: z.string().regex(/^image\/[\w.+-]+$/),
});

/** What a binary message shows; undefined for one that is no picture. */
export function binaryEvent(message: Buffer): ComfyEvent | undefined {
  if (message.length < 8) return undefined;
  const kind = message.readUInt32BE(0);
  const second = message.readUInt32BE(4);
  if (kind === previewImage) {
    const mediaType = imageFormats[second];
    const bytes = message.subarray(8);
    return mediaType === undefined
      ? undefined
      : { kind: "preview", promptId: undefined, node: undefined, mediaType, bytes };
  }
  if (kind !== previewWithMetadata) return undefined;
  const bytes = message.subarray(8 + second);
  const preview = reader(metadata, ({ node_id, display_node_id, image_type }) => ({
    kind: "preview",
    node: display_node_id ?? node_id ?? undefined,
    mediaType: image_type,
    bytes,
  }));
  return preview(jsonOf(message.toString("utf8", 8, 8 + second)));
}
