/** The keys of a stack's config as Pulumi.yaml describes them: some declared to the engine, the optional ones in comments. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface StackConfigKey {
  name: string;
  /** `string, secret` for one that is to be set with `--secret`. */
  type: string;
  fallback: string;
  description: string;
}

export function stackConfigKeys(): StackConfigKey[] {
  const project = readFileSync(join(import.meta.dirname, "../../Pulumi.yaml"), "utf8");
  return [...declaredKeys(project), ...optionalKeys(project)];
}

const declaredKeys = (project: string): StackConfigKey[] =>
  [...project.matchAll(/^ {2}comfy-endpoints:(\w+):\n((?: {4}.*\n)+)/gm)].map(([, name = "", body = ""]) => {
    const field = (of: string): string => new RegExp(`^ {4}${of}: (.*)$`, "m").exec(body)?.[1] ?? "";
    return { name, type: field("type"), fallback: field("default"), description: field("description") };
  });

const optionalKeys = (project: string): StackConfigKey[] =>
  [
    ...project.matchAll(/^ {2}# {3}comfy-endpoints:(\w+) +(string, secret|\w+)(?: +(.*))?\n((?: {2}# {20,}.*\n)*)/gm),
  ].map(([, name = "", type = "", first = "", more = ""]) => ({
    name,
    type,
    fallback: "",
    description: [first, ...more.split("\n").map((line) => line.replace(/^ *# */, ""))].join(" ").trim(),
  }));
