import { z } from "zod";

/** Bodies of the routes that administer an endpoint. */

/** What a key may be good for: to start and cancel runs, to read everything, to upload and delete files, to administer. */
export const scopes = ["run", "read", "files", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** Name of the key that the pod was started with: it is good for everything, and no other key has its name. */
export const firstKeyName = "first";

/** Names that keys may have; they end a path. */
export const keyNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** `PUT /admin/keys/:name`: what the gateway is told of a key. The key itself it never learns. */
export const keyRegistration = z.object({
  /** SHA-256 of the key's text, in hex. */
  sha256: z
    .string("the SHA-256 of the key in hex")
    .regex(/^[0-9a-f]{64}$/, "give the SHA-256 of the key: 64 hex digits"),
  scopes: z
    .array(z.enum(scopes, `give scopes of ${scopes.join(", ")}`), `a list of ${scopes.join(", ")}`)
    .min(1, `give at least one of ${scopes.join(", ")}`)
    .refine((given) => new Set(given).size === given.length, "give each scope once"),
});
export type KeyRegistration = z.output<typeof keyRegistration>;

export const keyView = z.object({
  name: z.string(),
  sha256: z.string(),
  scopes: z.array(z.enum(scopes)),
  /** ISO 8601 in UTC. */
  created_at: z.string(),
});
export type KeyView = z.output<typeof keyView>;

/** The named keys; the first one is not among them. */
export const keyList = z.object({ items: z.array(keyView) });

/** `POST /admin/drain`. */
export const drainRequest = z.object({
  /** The drain ends by itself after so many seconds; without them it lasts until it is ended. */
  seconds: z
    .number("a number of seconds")
    .positive("give seconds above 0")
    .max(86_400, "give seconds up to 86400")
    .optional(),
});

export const drainView = z.object({
  /** `drained` when no job is queued or running any more. */
  state: z.enum(["draining", "drained"]),
  queued: z.int(),
  running: z.int(),
});
export type DrainView = z.output<typeof drainView>;

/** `POST /admin/models/prune`. */
export const pruneRequest = z.object({
  /** Removes nothing, and tells what would be. */
  dry_run: z.boolean("true or false").optional(),
  /** What other pods on the volume said that they need counts for so many days. */
  keep_days: z.number("a number of days").min(0, "give days from 0").max(3650, "give days up to 3650").default(7),
});
export type PruneRequest = z.output<typeof pruneRequest>;

export const pruneView = z.object({
  dry_run: z.boolean(),
  /** What was removed, by its path below the models folder: models, and what was begun of some. */
  items: z.array(z.object({ path: z.string(), size_bytes: z.int() })),
  freed_bytes: z.int(),
});
export type PruneView = z.output<typeof pruneView>;

export const logsQuery = z.object({
  tail: z
    .string()
    .regex(/^\d{1,5}$/, "give a number of lines")
    .optional()
    .describe("How many of the latest lines; 200 when nothing is said"),
});
