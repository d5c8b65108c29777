/** What Pulumi hands to the hooks of a dynamic provider, and takes back. */

/** Stands for a value that is not known before the deployment runs. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export const isUnknown = (value: unknown): boolean =>
  value === unknownValue ||
  (typeof value === "object" && value !== null && Object.values(value).some((part) => isUnknown(part)));

/**
 * Outputs as the engine can carry them. An `undefined` anywhere would lose the resource (or hang the engine, in a
 * partial-state error), so every result goes through here.
 */
export const outputs = <T extends object>(values: T): T => JSON.parse(JSON.stringify(values)) as T;

/**
 * Saves a resource that was created but is not complete. The engine keeps the id and the properties, and calls update at
 * the next `up`; a plain error would forget it.
 */
export class IncompleteError extends Error {
  readonly id: string;
  readonly properties: object;
  readonly reasons: string[];

  constructor(id: string, properties: object, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = "IncompleteError";
    this.id = id;
    this.properties = outputs(properties);
    this.reasons = [reason];
  }
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
