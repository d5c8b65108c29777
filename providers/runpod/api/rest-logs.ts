import { z } from "zod";
import type { LogLine, LogsApi } from "./api.ts";
import { authRemedy, RunPodError } from "./errors.ts";
import { boundedWaitMs, type GraphQlClientOptions, userAgent } from "./graphql-client.ts";

export interface RestLogsOptions extends Pick<GraphQlClientOptions, "apiKey" | "timeoutMs"> {
  /** REST is at `<base>/v2`. */
  baseUrl: string;
  /** Milliseconds that the first line, and each one after it, may take. */
  patienceMs?: { firstLine: number; nextLine: number };
}

const mostLines = 5000;

const eventData = z
  .object({ ts: z.string(), source: z.string(), line: z.string() })
  .transform(({ ts, source, line }): LogLine => ({ time: ts, source, text: line }));

const problem = z.object({ title: z.string().optional(), detail: z.string().optional() });

/**
 * Logs are in REST v2 only, as a stream of events that begins with the past and goes on for as long as the pod is there. What
 * is past has been told when all lines that were asked for are here, or when it becomes silent.
 */
export function createLogsApi(options: RestLogsOptions): LogsApi {
  const { firstLine, nextLine } = options.patienceMs ?? { firstLine: 3000, nextLine: 500 };
  return {
    podLogs: async (podId, tail) => {
      const wanted = Math.min(tail, mostLines);
      const lines: LogLine[] = [];
      if (wanted < 1) return lines;
      const silence = new AbortController();
      let timer: NodeJS.Timeout | undefined;
      const bePatient = (milliseconds: number) => {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), milliseconds);
      };
      try {
        const signal = AbortSignal.any([silence.signal, AbortSignal.timeout(options.timeoutMs)]);
        const body = await opened(options, podId, wanted, signal);
        bePatient(firstLine);
        for await (const data of eventsOf(body)) {
          lines.push(eventData.parse(JSON.parse(data)));
          if (lines.length >= wanted) break;
          bePatient(nextLine);
        }
      } catch (error) {
        // Nothing more to be heard, or the stream broke off: what came is worth more than why no more did.
        if (!silence.signal.aborted && lines.length === 0) throw refused(error);
      } finally {
        clearTimeout(timer);
        silence.abort();
      }
      return lines;
    },
  };
}

async function opened(
  { apiKey, baseUrl }: RestLogsOptions,
  podId: string,
  tail: number,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const response = await fetch(`${baseUrl}/v2/pods/${encodeURIComponent(podId)}/logs?tail=${tail}`, {
    headers: { accept: "text/event-stream", authorization: `Bearer ${apiKey}`, "user-agent": userAgent },
    signal,
  });
  if (response.ok && response.body !== null) return response.body;
  throw await refusedWith(response, podId);
}

async function refusedWith(response: Response, podId: string): Promise<RunPodError> {
  const { status, headers } = response;
  const { detail, title } = problem.catch({}).parse(await response.json().catch(() => undefined));
  const reason = `HTTP ${status}${detail === undefined && title === undefined ? "" : `: ${detail ?? title ?? ""}`}`;
  if (status === 401 || status === 403) return new RunPodError("auth", `${authRemedy} (HTTP ${status})`);
  if (status === 404) return new RunPodError("gone", `RunPod has no logs of pod ${podId} (${reason})`);
  if (status === 429) {
    const message = `RunPod took podLogs for one request too many (${reason}); try again in a minute`;
    return new RunPodError("limited", message, { retryAfterMs: boundedWaitMs(headers.get("retry-after")) });
  }
  return new RunPodError(status >= 500 ? "transient" : "invalid", `RunPod refused podLogs (${reason})`);
}

function refused(error: unknown): RunPodError {
  if (error instanceof RunPodError) return error;
  if (error instanceof z.ZodError || error instanceof SyntaxError) {
    return new RunPodError("invalid", "RunPod answered podLogs with something else than its schema says", {
      cause: error,
    });
  }
  const reason = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : "";
  return new RunPodError("transient", `RunPod did not answer podLogs: ${reason}`, { cause: error });
}

/** What the events of a stream carry: each has one line of it. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith("data:")) yield line.slice("data:".length);
    }
  }
}
