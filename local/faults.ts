import { z } from "zod";

/**
 * What can go wrong on purpose:
 * `http500`, `http429`, `graphql-error`, `reset-before`: nothing is done, and the answer says so, or the connection breaks;
 * `reset-after`, `timeout`: it is done, but the connection breaks before the answer, or the answer never comes;
 * `list-lag`: lists do not show what is younger than `milliseconds`.
 */
export const faultKinds = [
  "http500",
  "http429",
  "graphql-error",
  "reset-before",
  "reset-after",
  "timeout",
  "list-lag",
] as const;

export const faultSchema = z.strictObject({
  /** A root field of the schema (`podEditJob`), `proxy` for requests to pods, or `*` for everything. */
  operation: z.string(),
  kind: z.enum(faultKinds),
  /** How often it happens before it is used up. */
  times: z.int().positive().default(1),
  /** Happens only to operations on this pod. */
  podId: z.string().optional(),
  /** Of a graphql-error. */
  message: z.string().default("Something went wrong. Please try again later or contact support."),
  code: z.string().default("INTERNAL_SERVER_ERROR"),
  /** Of a list-lag. */
  milliseconds: z.int().nonnegative().default(2000),
});

export type Fault = z.output<typeof faultSchema>;

export interface Faults {
  add(fault: z.input<typeof faultSchema>): void;
  /** The first fault that is meant for it, which is then used once. */
  take(operation: string, podId: string | undefined): Fault | undefined;
  /** Faults that are still to happen. */
  pending(): Fault[];
  clear(): void;
}

export function createFaults(): Faults {
  let pending: Fault[] = [];
  return {
    add: (added) => pending.push(faultSchema.parse(added)),
    take: (operation, podId) => {
      const found = pending.find(
        (one) =>
          (one.operation === operation || one.operation === "*") && (one.podId === undefined || one.podId === podId),
      );
      if (found === undefined) return undefined;
      pending = pending.flatMap((one) => {
        if (one !== found) return one;
        return one.times > 1 ? { ...one, times: one.times - 1 } : [];
      });
      return found;
    },
    pending: () => pending,
    clear: () => {
      pending = [];
    },
  };
}
