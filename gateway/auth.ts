import { hash, timingSafeEqual } from "node:crypto";
import type { RequestHandler } from "express";
import { errorCodes, firstKeyName, type KeyView, type Scope, scopes } from "../contract/api.ts";
import { HttpProblem } from "./http.ts";

/** A key as a request is checked against it. */
export interface KnownKey {
  name: string;
  /** SHA-256 of its text. */
  digest: Buffer;
  scopes: readonly Scope[];
}

export const digestOf = (text: string): Buffer => hash("sha256", text, "buffer");

/** The endpoint's first key, good for everything. */
export const firstKey = (text: string): KnownKey => ({ name: firstKeyName, digest: digestOf(text), scopes });

export const namedKey = ({ name, sha256, scopes: granted }: KeyView): KnownKey => ({
  name,
  digest: Buffer.from(sha256, "hex"),
  scopes: granted,
});

/**
 * Lets a request pass whose key in `x-api-key` is good for the scope; its name is in `response.locals.keyName` from then on.
 * @param known the keys at that moment
 */
export function requireKey(known: () => readonly KnownKey[], scope: Scope): RequestHandler {
  return (request, response, next) => {
    const key = match(request.get("x-api-key") ?? "", known());
    if (key === undefined) throw new HttpProblem(401, errorCodes.unauthorized);
    if (!key.scopes.includes(scope)) {
      const granted = key.scopes.join(", ");
      const detail = `the key "${key.name}" is good for ${granted}; this needs the scope ${scope}`;
      throw new HttpProblem(403, errorCodes.forbidden, { detail });
    }
    response.locals["keyName"] = key.name;
    next();
  };
}

/** All keys are looked at, each digest as a whole: the time it takes tells nothing of how near a guess came. */
function match(given: string, known: readonly KnownKey[]): KnownKey | undefined {
  const digest = digestOf(given);
  let found: KnownKey | undefined;
  for (const key of known) if (timingSafeEqual(digest, key.digest)) found = key;
  return given === "" ? undefined : found;
}
