/** Number of resources by what happened to them. */
export type Changes = Partial<Record<"create" | "update" | "same" | "delete" | "replace", number>>;

const verbs: readonly (readonly [keyof Changes, done: string, planned: string])[] = [
  ["create", "created", "to create"],
  ["update", "updated", "to update"],
  ["replace", "replaced", "to replace"],
  ["delete", "deleted", "to delete"],
  ["same", "unchanged", "unchanged"],
];

/** What happened to resources, or would, as people read it: `7 created`. */
export const changeWords = (changes: Changes, isPlan = false): string =>
  verbs
    .flatMap(([kind, done, planned]) =>
      changes[kind] === undefined ? [] : [`${changes[kind]} ${isPlan ? planned : done}`],
    )
    .join(", ");
