import { refName, type Schema } from "./schemas.ts";

/** The types as TypeScript declares them. */
export const typeScriptTypes = (types: ReadonlyMap<string, Schema>): string =>
  [...types].map(([name, schema]) => `${comment(schema, "")}export type ${name} = ${typeOf(schema, "")};\n`).join("\n");

function typeOf(schema: Schema, indent: string): string {
  const { $ref, anyOf, type, items, properties } = schema;
  if ($ref !== undefined) return refName($ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (anyOf !== undefined) return anyOf.map((one) => typeOf(one, indent)).join(" | ");
  if (Array.isArray(type)) return type.map((one) => typeOf({ ...schema, type: one }, indent)).join(" | ");
  switch (type) {
    case "object":
      return properties === undefined ? "Record<string, unknown>" : objectOf(schema, properties, indent);
    case "array":
      return `Array<${items === undefined ? "unknown" : typeOf(items, indent)}>`;
    case "integer":
      return "number";
    case "string":
    case "number":
    case "boolean":
    case "null":
      return type;
    default:
      return "unknown";
  }
}

function objectOf({ required = [] }: Schema, properties: Record<string, Schema>, indent: string): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([name, property]) => {
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
    return `${comment(property, inner)}${inner}${key}${required.includes(name) ? "" : "?"}: ${typeOf(property, inner)};\n`;
  });
  return `{\n${lines.join("")}${indent}}`;
}

function comment({ description }: Schema, indent: string): string {
  // Somebody's text does not end the comment.
  const text = description?.replace(/\s+/g, " ").replaceAll("*/", "* /");
  return text === undefined ? "" : `${indent}/** ${text} */\n`;
}
