import { z } from "zod";
import { UserError } from "../../contract/errors.ts";

/** A JSON Schema, as far as the types of clients need it. */
export interface Schema {
  $ref?: string | undefined;
  type?: string | string[] | undefined;
  const?: unknown;
  enum?: unknown[] | undefined;
  anyOf?: Schema[] | undefined;
  properties?: Record<string, Schema> | undefined;
  required?: string[] | undefined;
  items?: Schema | undefined;
  description?: string | undefined;
}

const schema: z.ZodType<Schema> = z.lazy(() =>
  z.looseObject({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    anyOf: z.array(schema).optional(),
    properties: z.record(z.string(), schema).optional(),
    required: z.array(z.string()).optional(),
    items: schema.optional(),
    description: z.string().optional(),
  }),
);

const document = z.looseObject({
  info: z.looseObject({ title: z.string(), version: z.string() }),
  components: z.looseObject({ schemas: z.record(z.string(), schema) }),
});

export interface Api {
  title: string;
  version: string;
  /** Types by name, each after those that it is made of. */
  types: Map<string, Schema>;
}

/** What clients speak of. */
const wanted = ["RunInputs", "JobResult", "Job", "File"];

/** @throws {UserError} when the document is not that of an endpoint */
export function readApi(openApi: unknown, subject: string): Api {
  const parsed = document.safeParse(openApi).data;
  const missing = wanted.filter((name) => parsed?.components.schemas[name] === undefined);
  if (parsed === undefined || missing.length > 0) {
    throw new UserError(`${subject} is not the document of an endpoint: it lacks ${missing.join(", ")}`);
  }
  const types = new Map<string, Schema>();
  const add = (name: string): void => {
    const found = parsed.components.schemas[name];
    if (found === undefined || types.has(name)) return;
    for (const inner of refsIn(found)) add(inner);
    types.set(name, found);
  };
  wanted.forEach(add);
  return { title: parsed.info.title, version: parsed.info.version, types };
}

/** The name that a reference ends in. */
export const refName = (ref: string): string => ref.slice(ref.lastIndexOf("/") + 1);

function refsIn({ $ref, anyOf = [], properties = {}, items }: Schema): string[] {
  const inner = [...anyOf, ...Object.values(properties), ...(items === undefined ? [] : [items])];
  return [...($ref === undefined ? [] : [refName($ref)]), ...inner.flatMap(refsIn)];
}
