import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { expect } from "vitest";
import { parseDocument } from "../../contract/parse.ts";
import { workflowContractSchema } from "../../contract/workflow-contract.ts";
import { type Response as Answer, type OpenApiDocument, openApiDocument } from "../../gateway/openapi/document.ts";
import type { Schema } from "../../gateway/openapi/value-schemas.ts";
import { contractDocument } from "./apps.ts";

/** Holds answers to what an endpoint's OpenAPI document says of them. */
export interface ApiDocument {
  document: OpenApiDocument;
  /** Fails the test when the document does not have such an answer. Leaves the body unread. */
  holds(method: string, path: string, response: Response): Promise<void>;
}

/** @param contract of the endpoint; of another one when that is none */
export function apiDocument(contract: unknown): ApiDocument {
  const parsed = workflowContractSchema.safeParse(contract);
  const document = openApiDocument(
    parsed.data ?? parseDocument(workflowContractSchema, contractDocument, "the contract"),
  );
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  // The document is open for fields to come; what we answer today it must have, field by field.
  ajv.addSchema({ ...(closed(document) as OpenApiDocument), $id: "openapi" });
  const validators = new Map<string, ValidateFunction>();
  const validatorAt = (...pointer: string[]): ValidateFunction => {
    const path = pointer.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).map(encodeURIComponent);
    const uri = `openapi#/${path.join("/")}`;
    const validator = validators.get(uri) ?? ajv.compile({ $ref: uri });
    validators.set(uri, validator);
    return validator;
  };
  const patterns = Object.keys(document.paths).map((path) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
  }));

  const check = async (pointer: string[], answer: Answer, response: Response): Promise<void> => {
    const types = answer.content ?? {};
    const type = response.headers.get("content-type")?.split(";")[0];
    if (Object.keys(types).length === 0) {
      expect([response.status, type ?? null]).toEqual([response.status, null]);
      return;
    }
    if ("*/*" in types) return;
    expect(Object.keys(types), `content type of ${pointer.join(" ")}`).toContain(type);
    if (type !== "application/json") return;
    const validator = validatorAt(...pointer, "content", type, "schema");
    const body: unknown = await response.clone().json();
    const fits = validator(body);
    expect(fits ? [] : validator.errors, `${pointer.join(" ")} has no ${JSON.stringify(body)}`).toEqual([]);
  };

  return {
    document,
    holds: async (method, target, response) => {
      // Fuzzed targets may be no address at all.
      const pathname = URL.parse(target, "http://gateway")?.pathname ?? target;
      const path = patterns.find(({ pattern }) => pattern.test(pathname))?.path;
      const verb = method.toLowerCase();
      const operation = path === undefined ? undefined : document.paths[path]?.[verb === "head" ? "get" : verb];
      if (verb === "head") return;
      if (path === undefined || operation === undefined) {
        expect(response.status, `${method} ${target}, which the document does not have`).toBeGreaterThanOrEqual(400);
        const validator = validatorAt("components", "schemas", "ErrorBody");
        expect(validator(await response.clone().json()), `${method} ${target} has an error's body`).toBe(true);
        return;
      }
      const status = String(response.status) in operation.responses ? String(response.status) : "default";
      if (status === "default") expect(response.status, `${method} ${target}: a success`).toBeGreaterThanOrEqual(400);
      await check(["paths", path, verb, "responses", status], operation.responses[status] ?? {}, response);
    },
  };
}

/** Every object of the schema without fields that it does not name. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const inner: Schema = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, closed(each)]));
  const isObject = inner["type"] === "object" && "properties" in inner && !("additionalProperties" in inner);
  return isObject ? { ...inner, additionalProperties: false } : inner;
}
