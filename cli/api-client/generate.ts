import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pythonTypes } from "./python.ts";
import type { Api } from "./schemas.ts";
import { typeScriptTypes } from "./typescript.ts";

export const languages = ["typescript", "python"] as const;
export type Language = (typeof languages)[number];

const extensions = { typescript: "ts", python: "py" } as const;
const comments = { typescript: "//", python: "#" } as const;

/** A typed client of one endpoint, in one file that needs nothing else. */
export function clientCode(language: Language, api: Api): string {
  const runtime = readFileSync(join(import.meta.dirname, `runtime.${extensions[language]}`), "utf8");
  // What stands above this line is there for the checks of this project.
  const [above = "", common = ""] = runtime.split(/^(?:\/\/|#) What follows is .*\n/m);
  const head = `${comments[language]} A client of ${api.title} ${api.version}, written by comfy-endpoints.`;
  if (language === "typescript") return `${head}\n\n${typeScriptTypes(api.types)}${common}`;
  // Below its imports the runtime declares types for its own checks.
  const imports = above.slice(0, above.indexOf("\nJob = ")).replace(/import Any$/m, "import Any, Literal, TypedDict");
  return `${head}\n\n${imports}\n${pythonTypes(api.types)}${common}`;
}
