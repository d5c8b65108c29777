import { refName, type Schema } from "./schemas.ts";

/** The types as Python declares them. */
export const pythonTypes = (types: ReadonlyMap<string, Schema>): string =>
  [...types].map(([name, schema]) => declaration(name, schema)).join("\n\n");

/**
 * Fields may have names that Python has none like, and some are optional: so a class is made of two dictionaries, which
 * Python 3.10 knows as well.
 */
function declaration(name: string, schema: Schema): string {
  const { properties, required = [] } = schema;
  if (properties === undefined) return `${name} = ${typeOf(schema)}\n`;
  const fields = (isRequired: boolean) =>
    Object.entries(properties)
      .filter(([field]) => required.includes(field) === isRequired)
      .map(([field, property]) => `    ${JSON.stringify(field)}: ${typeOf(property)},\n`)
      .join("");
  const about = schema.description === undefined ? `${name} of the endpoint.` : schema.description;
  return `_${name}Required = TypedDict("_${name}Required", {\n${fields(true)}})
_${name}Optional = TypedDict("_${name}Optional", {\n${fields(false)}}, total=False)


class ${name}(_${name}Required, _${name}Optional):
    ${JSON.stringify(about)}
`;
}

function typeOf(schema: Schema): string {
  const { $ref, anyOf, type, items } = schema;
  if ($ref !== undefined) return refName($ref);
  if (schema.const !== undefined) return literal([schema.const]);
  if (schema.enum !== undefined) return literal(schema.enum);
  if (anyOf !== undefined) return union(anyOf.map(typeOf));
  if (Array.isArray(type)) return union(type.map((one) => typeOf({ ...schema, type: one })));
  const names: Partial<Record<string, string>> = {
    ...{ string: "str", integer: "int", number: "float", boolean: "bool", null: "None" },
    array: `list[${items === undefined ? "Any" : typeOf(items)}]`,
    object: "dict[str, Any]",
  };
  return names[type ?? ""] ?? "Any";
}

const union = (types: readonly string[]): string => types.join(" | ");

/** Python has no literal numbers with a point. */
const literal = (values: readonly unknown[]): string =>
  values.some((value) => typeof value === "number" && !Number.isInteger(value))
    ? "float"
    : `Literal[${values.map(literalText).join(", ")}]`;

const literalText = (value: unknown): string =>
  value === true ? "True" : value === false ? "False" : value === null ? "None" : JSON.stringify(value);
