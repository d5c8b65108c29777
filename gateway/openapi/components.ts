import { z } from "zod";
import * as contract from "../../contract/api.ts";
import type { WorkflowContract } from "../../contract/workflow-contract.ts";
import { inputsSchema, resultSchema, type Schema } from "./value-schemas.ts";

/** Queries are taken apart: each parameter stands by itself. */
const queries = new Set(Object.values<contract.Route>(contract.routes).map(({ query }) => query));

/** Schemas of the contract by name: what it exports as `job` is the component `Job`. */
const named = z.registry<{ id: string }>();
for (const [name, value] of Object.entries(contract)) {
  if (value instanceof z.ZodType && !queries.has(value))
    named.add(value, { id: `${name.slice(0, 1).toUpperCase()}${name.slice(1)}` });
}

const reference = (id: string): string => `#/components/schemas/${id}`;

const options = {
  /** Callers must live with fields that are added later, and no number here has bounds of its own. */
  override: ({ jsonSchema }: { jsonSchema: Schema }): void => {
    if (jsonSchema["additionalProperties"] === false) delete jsonSchema["additionalProperties"];
    if (jsonSchema["minimum"] === Number.MIN_SAFE_INTEGER) delete jsonSchema["minimum"];
    if (jsonSchema["maximum"] === Number.MAX_SAFE_INTEGER) delete jsonSchema["maximum"];
  },
} as const;

/** A schema of the contract: by reference where it has a name. */
export function schemaOf(schema: z.ZodType): Schema {
  const id = named.get(schema)?.id;
  return id === undefined ? withoutHead(z.toJSONSchema(schema, options)) : { $ref: reference(id) };
}

/** The parameters of a query, each by itself. */
export function queryParameters(query: z.ZodType): Schema[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query, { ...options, io: "input" });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = property as Schema;
    return { name, in: "query", required: required.includes(name), description, schema };
  });
}

/** Every named schema, with what this workflow takes and gives, and the codes that errors have. */
export function componentSchemas(workflow: WorkflowContract): Record<string, Schema> {
  const { schemas } = z.toJSONSchema(named, { ...options, uri: reference });
  const components = Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutHead(schema)]));
  const error = z.toJSONSchema(
    contract.errorBody.extend({ error: z.enum(Object.values(contract.errorCodes)) }),
    options,
  );
  return {
    ...components,
    ErrorBody: withoutHead(error),
    RunInputs: inputsSchema(workflow),
    JobResult: resultSchema(workflow),
  };
}

const withoutHead = (schema: Schema): Schema =>
  Object.fromEntries(Object.entries(schema).filter(([field]) => field !== "$schema" && field !== "$id"));
