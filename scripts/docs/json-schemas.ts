/** JSON Schemas of the files that people write, for their editors. */
import { z } from "zod";
import { appSchema } from "../../contract/app.ts";
import { workflowContractSchema } from "../../contract/workflow-contract.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

export const appJsonSchema = (): JsonSchema =>
  jsonSchema(appSchema, "app.json: one app, its workflow and what it needs");

export const contractJsonSchema = (): JsonSchema =>
  jsonSchema(workflowContractSchema, "workflow.contract.json: the named, typed inputs and outputs of a workflow");

function jsonSchema(schema: z.ZodType, title: string): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema: made }) => {
      if (zodSchema._zod.def.type === "object") {
        // What nobody reads is a typo.
        made.additionalProperties = false;
        describeMissing(zodSchema as z.core.$ZodObject, made);
      }
      if (made.maximum === Number.MAX_SAFE_INTEGER) delete made.maximum;
    },
  });
  const forEditors = { type: "string", description: "Where this schema lies, for editors" } as const;
  return { $schema, title, ...rest, properties: { $schema: forEditors, ...rest.properties } };
}

/** Tells by trying what becomes of a field that is left out: some are preprocessed, and zod cannot see through that. */
function describeMissing({ _zod: { def } }: z.core.$ZodObject, made: JsonSchema): void {
  for (const [name, property] of Object.entries(made.properties ?? {})) {
    const { success, data } = z.safeParse(def.shape[name] ?? z.never(), undefined);
    if (!success || typeof property === "boolean") continue;
    made.required = made.required?.filter((other) => other !== name);
    if (data !== undefined) property.default = data;
  }
}
