import { setTimeout as sleep } from "node:timers/promises";
import { ClientError, GraphQLClient } from "graphql-request";
import { z } from "zod";
import { retryAfterMs } from "../../../contract/retry-after.ts";
import { authRemedy, isRefusal, type Refusal, RunPodError, refusalOf } from "./errors.ts";
import { type OperationName, operations } from "./operations.ts";

export interface GraphQlClientOptions {
  apiKey: string;
  /** GraphQL is at `<base>/graphql`. */
  baseUrl: string;
  /** Milliseconds that one request may take. */
  timeoutMs: number;
  /** Waits before a request is sent again, in milliseconds; RunPod's `Retry-After` lengthens them. */
  retryDelaysMs: readonly number[];
}

/** Sends operations; every failure is a RunPodError. */
export interface GraphQlClient {
  /** Asked again when RunPod stumbles. */
  query: <T>(name: OperationName, answer: z.ZodType<T>, variables?: object) => Promise<T>;
  /** Sent once, for it may have worked; again only when RunPod took it for one request too many, and did nothing. */
  mutate: <T>(name: OperationName, answer: z.ZodType<T>, variables?: object) => Promise<T>;
}

/** RunPod's edge refuses requests without one of their own. */
export const userAgent = "comfy-endpoints/0.1";

const longestWaitMs = 30_000;

export function createGraphQlClient(options: GraphQlClientOptions): GraphQlClient {
  const client = new GraphQLClient(`${options.baseUrl}/graphql`, {
    headers: { authorization: `Bearer ${options.apiKey}`, "user-agent": userAgent },
    fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(options.timeoutMs) }),
  });

  async function send<T>(name: OperationName, answer: z.ZodType<T>, variables: object): Promise<T> {
    try {
      const data = await client.request<unknown>(operations[name], variables);
      return answer.parse(data);
    } catch (error) {
      throw refused(name, error);
    }
  }

  async function sendAgainAfter<T>(refusals: Refusal[], attempt: () => Promise<T>): Promise<T> {
    for (const delay of options.retryDelaysMs) {
      try {
        return await attempt();
      } catch (error) {
        if (!isRefusal(error, ...refusals)) throw error;
        await sleep(Math.max(delay, error.retryAfterMs));
      }
    }
    return attempt();
  }

  return {
    query: async (name, answer, variables = {}) => {
      try {
        return await sendAgainAfter(["transient", "limited"], () => send(name, answer, variables));
      } catch (error) {
        // A question has no effect that could be unknown: for who asks, both are the same.
        throw isRefusal(error, "limited") ? new RunPodError("transient", error.message) : error;
      }
    },
    mutate: (name, answer, variables = {}) => sendAgainAfter(["limited"], () => send(name, answer, variables)),
  };
}

function refused(operation: OperationName, error: unknown): RunPodError {
  if (error instanceof z.ZodError) {
    return new RunPodError("invalid", `RunPod answered ${operation} with something else than its schema says`, {
      cause: error,
    });
  }
  if (error instanceof ClientError) return refusedByRunPod(operation, error);
  const reason = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : "";
  return new RunPodError("transient", `RunPod did not answer ${operation}: ${reason}`, { cause: error });
}

// The ClientError is no cause of ours: it holds the variables, and so every secret among them.
function refusedByRunPod(operation: OperationName, { response }: ClientError): RunPodError {
  const { status, errors, headers } = response;
  if (status === 401 || status === 403) return new RunPodError("auth", `${authRemedy} (HTTP ${status})`);
  if (status === 429) {
    const message = `RunPod took ${operation} for one request too many (HTTP 429); try again in a minute`;
    return new RunPodError("limited", message, { retryAfterMs: boundedWaitMs(headers.get("retry-after")) });
  }
  const stumbled = status >= 500 ? "transient" : "invalid";
  const first = errors?.[0];
  if (first === undefined) return new RunPodError(stumbled, `RunPod answered ${operation} with HTTP ${status}`);
  const known = refusalOf(first.message, errorCode.safeParse(first.extensions).data?.code);
  const refusal = known === "invalid" ? stumbled : known;
  return new RunPodError(refusal, refusal === "auth" ? authRemedy : `RunPod refused ${operation}: ${first.message}`);
}

const errorCode = z.object({ code: z.string() });

/**
 * How long to wait before the next request, as RunPod's `Retry-After` says.
 * @returns 0 when it says nothing, and never more than 30 seconds: who waits for longer is better told
 */
export const boundedWaitMs = (header: string | null): number =>
  Math.min(retryAfterMs(header, Date.now()) ?? 0, longestWaitMs);
