import type { z } from "zod";
import { pathText } from "./parse.ts";

/**
 * Fields of a document that its schema does not know, and so nobody reads: mostly typos. `$schema` at the top is for editors.
 * @returns their paths, such as `endpoint.timeout_secs`
 */
export function unknownFields(schema: z.ZodType, document: unknown): string[] {
  return search(schema, document, []).filter((path) => path !== "$schema");
}

function search(schema: z.core.$ZodType, value: unknown, path: readonly PropertyKey[]): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "object":
      return isObject(value)
        ? Object.entries(value).flatMap(([key, inner]) => {
            const field = Object.hasOwn(def.shape, key) ? def.shape[key] : undefined;
            return field === undefined ? [pathText([...path, key])] : search(field, inner, [...path, key]);
          })
        : [];
    case "array":
      return Array.isArray(value) ? value.flatMap((inner, at) => search(def.element, inner, [...path, at])) : [];
    case "pipe":
      // What a preprocessor hands on has the shape of what comes after it.
      return search(isTransform(def.in) ? def.out : def.in, value, path);
    case "optional":
    case "nullable":
    case "default":
      return search(def.innerType, value, path);
    default:
      return [];
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isTransform = (schema: z.core.$ZodType): boolean => (schema as z.core.$ZodTypes)._zod.def.type === "transform";
