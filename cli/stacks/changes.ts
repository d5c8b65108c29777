import { aligned } from "../output.ts";

/** Number of resources by what happened to them. */
export type Changes = Partial<Record<"create" | "update" | "same" | "delete" | "replace", number>>;

const verbs: readonly (readonly [keyof Changes, string])[] = [
  ["create", "created"],
  ["update", "updated"],
  ["replace", "replaced"],
  ["delete", "deleted"],
  ["same", "unchanged"],
];

/** What happened to resources, as people read it. */
export const changeLines = (changes: Changes): string[] =>
  aligned(verbs.flatMap(([kind, verb]) => (changes[kind] === undefined ? [] : [[String(changes[kind]), verb]])));
