import { z } from "zod";
import { parseDocument } from "../../contract/parse.ts";

const field = z.tuple([z.unknown()]).rest(z.unknown());
const inputs = z.record(z.string(), field).default({});
const schema = z.record(
  z.string(),
  z.looseObject({
    input: z.looseObject({ required: inputs, optional: inputs }),
    input_order: z
      .looseObject({ required: z.array(z.string()).default([]), optional: z.array(z.string()).default([]) })
      .optional(),
    python_module: z.string().optional(),
  }),
);

/** What a ComfyUI says of its nodes, `GET /object_info`; one that knows nothing stands for no ComfyUI. */
export interface ObjectInfo {
  /** Names of a node's widgets in their order; undefined when the node is not known. */
  widgets(type: string): readonly string[] | undefined;
  /** The bounds of a number; nothing when they are not known. */
  bounds(type: string, name: string): z.output<typeof boundsSchema>;
}

export const noObjectInfo: ObjectInfo = { widgets: () => undefined, bounds: () => ({}) };

/** @throws {UserError} when it is something else */
export function readObjectInfo(document: unknown, subject: string): ObjectInfo {
  const nodes = parseDocument(schema, document, subject);
  const fieldsOf = (type: string): Partial<Record<string, z.output<typeof field>>> => {
    const { required, optional } = nodes[type]?.input ?? {};
    return { ...required, ...optional };
  };
  return {
    widgets: (type) => {
      const node = nodes[type];
      if (node === undefined) return undefined;
      const fields = fieldsOf(type);
      const order = node.input_order;
      const names = order === undefined ? Object.keys(fields) : [...order.required, ...order.optional];
      return names.filter((name) => fields[name] !== undefined && isWidget(fields[name]));
    },
    bounds: (type, name) => {
      const options = fieldsOf(type)[name]?.[1];
      return boundsSchema.safeParse(options).data ?? {};
    },
  };
}

const boundsSchema = z.object({
  min: z.number().optional(),
  max: z.number().optional(),
  step: z.number().positive().optional(),
});

const widgetTypes = ["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"];
const withWidget = z.looseObject({ widgetType: z.string() });
const forced = z.looseObject({ forceInput: z.literal(true) });

/** A list to choose from, or a type that has a widget; all other types come by a link. */
const isWidget = ([type, options]: [unknown, ...unknown[]]): boolean =>
  (Array.isArray(type) || widgetTypes.includes(String(type)) || withWidget.safeParse(options).success) &&
  !forced.safeParse(options).success;
