import { UserError } from "../../../contract/errors.ts";
import { isUnknown, unknownValue } from "../engine/hook-values.ts";
import { podMark } from "../pod/pod-name.ts";

/** What a name may be: RunPod compares names as they are, and a blank at its end is seen by nobody. */
export const namePattern = /^\S(.*\S)?$/;

const longestPrefix = 40;

/**
 * Name for what a resource keeps at RunPod, `<resource name>-<mark>`: the mark comes from the Owner's seed, so that two
 * people with equal stacks never share anything. Not known before the seed is.
 */
export function ownName(kind: "network-volume" | "registry-auth", inputs: Record<string, unknown>): string {
  const { ownerSeed, resourceName } = inputs;
  if (isUnknown(ownerSeed)) return unknownValue;
  const mark = podMark(String(ownerSeed), `${kind}:${String(resourceName)}`);
  return `${String(resourceName).slice(0, longestPrefix)}-${mark}`;
}

/**
 * The one thing of that name, if there is one.
 * @param plural what such things are called
 * @throws {UserError} when there are several: RunPod allows it, and nobody but their owner knows which one is meant
 */
export function onlyOne<T extends { id: string; name: string }>(plural: string, found: readonly T[]): T | undefined {
  const [first, ...more] = found;
  if (first === undefined || more.length === 0) return first;
  const ids = found.map(({ id }) => id).join(", ");
  throw new UserError(`${found.length} ${plural} have the name "${first.name}" (${ids}); delete or rename all but one`);
}
