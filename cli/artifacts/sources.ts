import { setTimeout as sleep } from "node:timers/promises";
import { tokensOf } from "../../contract/models/hubs/known.ts";
import {
  type Ask,
  mayPass,
  type ResolvedSource,
  resolveSource,
  SourceRefused,
  shown,
} from "../../contract/models/source.ts";
import type { Context } from "../context.ts";
import { jsonTimeoutMs, networkReason } from "../http/network-reason.ts";

const pausesMs = [500, 2000];

/** What a source answered, or why it did not. */
export type Looked = { source: ResolvedSource; problem?: never } | { source?: never; problem: string };

/** Looks a model's source up, as a pod would, with the tokens of the environment. */
export async function lookUp({ env, interrupted }: Pick<Context, "env" | "interrupted">, url: string): Promise<Looked> {
  for (let attempt = 0; ; attempt++) {
    try {
      return { source: await resolveSource(url, tokensOf(env), ask(interrupted)) };
    } catch (error) {
      interrupted.throwIfAborted();
      const pause = error instanceof SourceRefused && !mayPass(error) ? undefined : pausesMs[attempt];
      if (pause === undefined) return { problem: problemOf(url, error) };
      await sleep(pause, undefined, { signal: interrupted });
    }
  }
}

const problemOf = (url: string, error: unknown): string =>
  error instanceof SourceRefused
    ? `${error.message}; ${error.remedy}`
    : `${shown(url)} cannot be asked: ${networkReason(error)}`;

function ask(interrupted: AbortSignal): Ask {
  const get = (url: URL, headers: Record<string, string>): Promise<Response> =>
    fetch(url, {
      headers: { "accept-encoding": "identity", "user-agent": "comfy-endpoints", ...headers },
      redirect: "manual",
      signal: AbortSignal.any([interrupted, AbortSignal.timeout(jsonTimeoutMs)]),
    });
  return {
    head: async (url, headers) => {
      const response = await get(url, headers);
      await response.body?.cancel();
      return { status: response.status, header: (name) => response.headers.get(name) };
    },
    json: async (url, headers) => {
      const response = await get(url, headers);
      return response.ok ? response.json() : undefined;
    },
  };
}
