import { z } from "zod";

/** A workflow as ComfyUI's editor saves it, as far as its execution depends on it. */

const slot = z.looseObject({
  name: z.string(),
  type: z.unknown(),
  link: z.number().nullish(),
  /** There when a widget of that name sets the input. */
  widget: z.object({ name: z.string() }).nullish(),
});

const link = z.union([
  z
    .tuple([z.number(), z.union([z.number(), z.string()]), z.number(), z.union([z.number(), z.string()]), z.number()])
    .rest(z.unknown())
    .transform(([id, origin, originSlot, target, targetSlot]) => ({ id, origin, originSlot, target, targetSlot })),
  z
    .looseObject({
      id: z.number(),
      origin_id: z.union([z.number(), z.string()]),
      origin_slot: z.number(),
      target_id: z.union([z.number(), z.string()]),
      target_slot: z.number(),
    })
    .transform((it) => ({
      ...{ id: it.id, origin: it.origin_id, originSlot: it.origin_slot },
      ...{ target: it.target_id, targetSlot: it.target_slot },
    })),
]);

/** A model that a node says it needs, and where it is from. */
const model = z.looseObject({ name: z.string(), url: z.string(), directory: z.string() });

const nodeFields = z.looseObject({
  id: z.union([z.number(), z.string()]),
  type: z.string(),
  title: z.string().nullish(),
  /** 2 is muted, 4 is bypassed. */
  mode: z.number().nullish(),
  inputs: z
    .array(slot)
    .nullish()
    .transform((slots) => slots ?? []),
  outputs: z
    .array(z.looseObject({ type: z.unknown() }))
    .nullish()
    .transform((slots) => slots ?? []),
  widgets_values: z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]).nullish(),
  properties: z
    .looseObject({
      models: z.array(model).optional().catch(undefined),
      /** `comfy-core`, or the pack's name in ComfyUI's registry. */
      cnr_id: z.string().optional().catch(undefined),
      /** The pack's place at GitHub: owner/name. */
      aux_id: z.string().optional().catch(undefined),
      /** The pack's version, or its commit. */
      ver: z.string().optional().catch(undefined),
      /** Of a subgraph: the widgets that it shows, in the order of its values; -1 stands for its own input of that name. */
      proxyWidgets: z
        .array(z.tuple([z.union([z.string(), z.number()]).transform(String), z.string()]).rest(z.unknown()))
        .optional()
        .catch(undefined),
    })
    .default({}),
});

/** The original's files say `class_type` in place of `type`. */
const node = z.preprocess(
  (value) =>
    typeof value === "object" && value !== null && "class_type" in value ? { type: value.class_type, ...value } : value,
  nodeFields,
);

const graph = {
  nodes: z.array(node),
  links: z
    .array(link.nullable())
    .default([])
    .transform((links) => links.filter((one) => one !== null)),
};

const subgraphInputs = z.array(z.looseObject({ name: z.string() })).default([]);

export const uiWorkflow = z.looseObject({
  ...graph,
  definitions: z
    .looseObject({
      subgraphs: z.array(z.looseObject({ id: z.string(), inputs: subgraphInputs, ...graph })).default([]),
    })
    .default({ subgraphs: [] }),
});

export type UiWorkflow = z.output<typeof uiWorkflow>;
export type UiNode = UiWorkflow["nodes"][number];
export type UiLink = UiWorkflow["links"][number];
