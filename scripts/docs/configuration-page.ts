/** docs/configuration.md: everything that can be set, made from what reads it. */
import type { z } from "zod";
import { environmentVariables } from "./environment-variables.ts";
import { appJsonSchema, contractJsonSchema } from "./json-schemas.ts";
import { stackConfigKeys } from "./stack-config.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

interface Field {
  path: string;
  type: string;
  isRequired: boolean;
  fallback: string;
  description: string;
}

const intro = `# Configuration

What \`app.json\`, the workflow's contract, the stack's config and the environment take. This page is made from the code that reads
them; a test says when it is old.

Editors complete and check the two files when they name their schema: \`"$schema": "…/docs/schemas/app.schema.json"\` and
\`"…/docs/schemas/workflow.contract.schema.json"\`. A field that is not listed here means nothing, and \`cend validate\` says so.
`;

export const configurationPage = (): string =>
  [
    intro,
    "## app.json\n",
    fieldTable(fieldsOf(appJsonSchema(), "")),
    "\n## workflow.contract.json\n",
    fieldTable(fieldsOf(contractJsonSchema(), "")),
    "\n## Stack config\n",
    "Set with `npm run pulumi -- config set comfy-endpoints:<key> <value>`, or `cend deploy --config <key>=<value>`.\n",
    stackConfigTable(),
    "\n## Environment variables\n",
    environmentVariables
      .map(({ title, about, variables }) => `### ${title}\n\n${about}\n\n${variableTable(variables)}`)
      .join("\n\n"),
    "",
  ].join("\n");

export function fieldsOf(schema: JsonSchema, parent: string): Field[] {
  const { properties = {}, required = [] } = schema;
  return Object.entries(properties).flatMap(([name, property]) => {
    if (typeof property === "boolean") return [];
    const path = parent + name;
    const shape = valueOf(property);
    const field: Field = {
      path,
      type: typeOf(shape),
      isRequired: required.includes(name),
      fallback: defaultText(property.default),
      description: property.description ?? "",
    };
    const { items } = shape;
    const inner = items !== undefined && typeof items === "object" && !Array.isArray(items) ? items : undefined;
    return [field, ...fieldsOf(shape, `${path}.`), ...(inner === undefined ? [] : fieldsOf(inner, `${path}[].`))];
  });
}

/** Empty when leaving the field out is giving nothing. */
function defaultText(value: unknown): string {
  if (value === undefined) return "";
  const text = JSON.stringify(value);
  return /^(""|\[\]|\{.*\})$/.test(text) ? "" : text;
}

/** Without the null that a field may be instead of being left out. */
function valueOf(schema: JsonSchema): JsonSchema {
  const [first, ...others] = (schema.anyOf ?? []).filter(
    (option) => typeof option === "object" && option.type !== "null",
  );
  return typeof first === "object" && others.length === 0 ? first : schema;
}

function typeOf({ type, enum: values, const: only, items, anyOf }: JsonSchema): string {
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(", ");
  if (only !== undefined) return `\`${String(only)}\``;
  if (type === "array")
    return `list of ${typeof items === "object" && !Array.isArray(items) ? typeOf(items) : "values"}`;
  if (anyOf !== undefined)
    return anyOf.map((option) => (typeof option === "object" ? typeOf(option) : "")).join(" or ");
  const types = (Array.isArray(type) ? type : [type]).filter((name) => name !== "null" && name !== undefined);
  return types.length === 0 ? "any" : types.join(" or ");
}

const fieldTable = (fields: readonly Field[]): string =>
  table(
    ["Field", "Type", "Default", "Meaning"],
    fields.map(({ path, type, isRequired, fallback, description }) => [
      `\`${path}\``,
      type,
      isRequired ? "required" : fallback && `\`${fallback}\``,
      description,
    ]),
  );

const stackConfigTable = (): string =>
  table(
    ["Key", "Type", "Default", "Meaning"],
    stackConfigKeys().map(({ name, type, fallback, description }) => [
      `\`${name}\``,
      type,
      fallback && `\`${fallback}\``,
      description,
    ]),
  );

const variableTable = (variables: Readonly<Record<string, string>>): string =>
  table(
    ["Variable", "Meaning"],
    Object.entries(variables).map(([name, meaning]) => [`\`${name}\``, meaning]),
  );

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}
