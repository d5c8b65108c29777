/** A literal input as Python's int(), float(), str() and bool() would take it. */

export type Converted = { value: unknown } | { problem: string };

export function convert(value: unknown, type: string): Converted {
  switch (type) {
    case "INT":
      return toInt(value);
    case "FLOAT":
      return toFloat(value);
    case "STRING":
      return { value: pythonText(value) };
    case "BOOLEAN":
      return { value: isTruthy(value) };
    default:
      return { value };
  }
}

function toInt(value: unknown): Converted {
  if (typeof value === "number") return { value: Math.trunc(value) };
  if (typeof value === "boolean") return { value: Number(value) };
  if (typeof value !== "string") {
    return {
      problem: `int() argument must be a string, a bytes-like object or a real number, not '${pythonType(value)}'`,
    };
  }
  if (!/^\s*[+-]?\d+(_\d+)*\s*$/.test(value)) {
    return { problem: `invalid literal for int() with base 10: ${pythonRepr(value)}` };
  }
  return { value: Number(value.replaceAll("_", "")) };
}

function toFloat(value: unknown): Converted {
  if (typeof value === "number") return { value };
  if (typeof value === "boolean") return { value: Number(value) };
  if (typeof value !== "string") {
    return { problem: `float() argument must be a string or a real number, not '${pythonType(value)}'` };
  }
  const text = value.trim().toLowerCase();
  if (/^[+-]?nan$/.test(text)) return { value: Number.NaN };
  const number = text === "" ? Number.NaN : Number(text.replace(/^([+-]?)inf(inity)?$/, "$1Infinity"));
  return Number.isNaN(number)
    ? { problem: `could not convert string to float: ${pythonRepr(value)}` }
    : { value: number };
}

/** As Python's str() writes it; lists and objects as JSON, which is close. */
export function pythonText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value === null || value === undefined) return "None";
  return JSON.stringify(value);
}

/** As it stands in Python's messages. */
export function pythonRepr(value: unknown): string {
  if (typeof value === "string") return value.includes("'") ? JSON.stringify(value) : `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  return pythonText(value);
}

function pythonType(value: unknown): string {
  if (value === null || value === undefined) return "NoneType";
  return Array.isArray(value) ? "list" : "dict";
}

const isTruthy = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.length > 0
    : value !== null && typeof value === "object"
      ? Object.keys(value).length > 0
      : Boolean(value);
