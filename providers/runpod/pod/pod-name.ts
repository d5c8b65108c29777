import { createHash } from "node:crypto";

/**
 * A pod's identity is its name, `<app id>-<mark>-<generation>`: RunPod has no idempotency key, and a name is known before
 * the request that creates the pod. The mark tells whose pod it is: ten digits for the Owner, six for the resource.
 */

const digits = (text: string, length: number): string =>
  createHash("sha256").update(text).digest("hex").slice(0, length);

const ownerMark = (seed: string): string => digits(`owner:${seed}`, 10);

export const podMark = (seed: string, resourceName: string): string =>
  `${ownerMark(seed)}${digits(`pod:${seed}:${resourceName}`, 6)}`;

/** Changes with every input that cannot be changed on a living pod. */
export const podGeneration = (replacing: unknown): string => digits(JSON.stringify(replacing), 8);

export const podName = (appId: string, mark: string, generation: string): string => `${appId}-${mark}-${generation}`;

/** Whether a pod of that name belongs to the Owner with that seed, whichever resource made it. */
export const isOwnersPod = (name: string, seed: string): boolean =>
  new RegExp(`-${ownerMark(seed)}[0-9a-f]{6}-[0-9a-f]{8}$`).test(name);

/** Whether a network volume or a credential has a name of its own that was made for that Owner. */
export const isOwnersStorage = (name: string, seed: string): boolean =>
  new RegExp(`-${ownerMark(seed)}[0-9a-f]{6}$`).test(name);

/** Whether a pod of that name was made for the resource with that mark, in whichever generation. */
export const hasMark = (name: string, mark: string): boolean => new RegExp(`-${mark}-[0-9a-f]{8}$`).test(name);
