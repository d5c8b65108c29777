import type { IncomingMessage } from "node:http";
import type { Hub } from "../../../../contract/models/hubs/hub.ts";
import type { Tokens } from "../../../../contract/models/hubs/known.ts";
import {
  askedFor,
  type ResolvedSource,
  refusalOf,
  resolveSource,
  SourceRefused,
  shown,
  strongEtag,
} from "../../../../contract/models/source.ts";
import type { Range } from "./ranges.ts";
import { answerOf, type Requests } from "./requests.ts";
import { type RetryPolicy, SourceChanged, withRetries } from "./retry.ts";

export interface SourceOptions {
  requests: Requests;
  tokens: Tokens;
  /** Other hubs than the public ones. */
  hubs?: readonly Hub[] | undefined;
  retries: RetryPolicy;
  /** Told when a look at a source has to be taken again. */
  onRetry: (error: unknown, waitMs: number) => void;
}

/** Where a model's bytes come from. */
export interface Source {
  /** As it was found first. */
  readonly resolved: ResolvedSource;
  /**
   * The bytes of a range, or all of them.
   * @throws {SourceRefused}
   * @throws {SourceChanged} when it is another file now
   * @throws what the network says
   */
  open(range: Range | undefined, abort: AbortSignal): Promise<IncomingMessage>;
}

/**
 * Looks a source up.
 * @throws {SourceRefused} when it does not give the file
 */
export async function openSource(url: string, options: SourceOptions, abort: AbortSignal): Promise<Source> {
  const { requests, tokens, hubs, retries, onRetry } = options;
  const asked = askedFor(url, tokens, hubs);
  const look = (): Promise<ResolvedSource> => resolveSource(url, tokens, requests.ask(abort), hubs);
  const resolved = await withRetries(look, retries, abort, { onRetry });
  const hasChanged = (): SourceChanged =>
    new SourceChanged(`${shown(url)} becomes another file all the time`, "give a source that does not change");
  let current = resolved;
  let looking: Promise<void> | undefined;

  /** Signed addresses expire: the source is asked for another one, once for all who need it. */
  const lookAgain = (): Promise<void> => {
    looking ??= look()
      .then((found) => {
        if (!isSame(resolved, found)) throw hasChanged();
        current = found;
      })
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };

  const request = async (range: Range | undefined, signal: AbortSignal): Promise<IncomingMessage> => {
    const { location, headers, etag, sizeBytes } = current;
    const wanted = range && { range: `bytes=${range.from}-${range.to - 1}` };
    const response = await requests.get(location, { ...headers, ...wanted }, signal);
    try {
      const answer = answerOf(response);
      const refusal = refusalOf(answer, asked);
      if (refusal !== undefined) throw refusal;
      const tag = strongEtag(answer.header);
      if (etag !== undefined && tag !== undefined && etag !== tag) throw hasChanged();
      if (range !== undefined) checkPart(answer.status, answer.header("content-range"), range, sizeBytes);
      return response;
    } catch (error) {
      response.destroy();
      throw error;
    }
  };

  return {
    resolved,
    open: async (range, signal) => {
      const { location } = current;
      try {
        return await request(range, signal);
      } catch (error) {
        const isElsewhere = location.href !== asked.declared.href;
        if (!(error instanceof SourceRefused) || !isElsewhere || !hasExpired(error.status)) throw error;
        // Another range may have seen it before this one did.
        if (current.location === location) await lookAgain();
        return request(range, signal);
      }
    },
  };
}

const hasExpired = (status: number | undefined): boolean =>
  status !== undefined && (status < 400 || [400, 401, 403, 404, 410].includes(status));

/** A server that answers with something else than it was asked for is not trusted with the offset. */
function checkPart(status: number, contentRange: string | null, { from, to }: Range, size: number | undefined): void {
  const expected = `bytes ${from}-${to - 1}/${size}`;
  if (status === 206 && contentRange === expected) return;
  const answered = status === 206 ? (contentRange ?? "no content-range") : `status ${status}`;
  throw new Error(`it was asked for "${expected}" and answers with ${answered}`);
}

function isSame(one: ResolvedSource, other: ResolvedSource): boolean {
  if (one.sizeBytes !== other.sizeBytes) return false;
  if (one.sha256 !== undefined && other.sha256 !== undefined) return one.sha256 === other.sha256;
  return one.location.origin !== other.location.origin || one.etag === other.etag;
}
