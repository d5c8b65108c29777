import { civitai } from "./civitai.ts";
import type { Hub } from "./hub.ts";
import { huggingFace } from "./hugging-face.ts";

export const hubs: readonly Hub[] = [huggingFace, civitai];

/** Tokens by the origin that each may go to. */
export type Tokens = ReadonlyMap<string, string>;

/** The tokens that an environment holds. */
export function tokensOf(env: Record<string, string | undefined>): Tokens {
  const found = hubs.flatMap(({ origin, tokenVariables }) => {
    const token = tokenVariables.map((name) => env[name]?.trim() ?? "").find((text) => text !== "");
    return token === undefined ? [] : [[origin, token] as const];
  });
  return new Map(found);
}
