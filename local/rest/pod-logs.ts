import { setTimeout as sleep } from "node:timers/promises";
import type { Request, Response } from "express";
import { z } from "zod";
import type { Account } from "../account/account.ts";
import type { Host } from "../host/host.ts";
import { eventId, isAfter, type LogPosition, lastEventId, type PlacedLine, placed, since } from "./log-position.ts";
import type { RestRefusal } from "./problem.ts";

export interface PodLogsOptions {
  account: Pick<Account, "pod">;
  host: Pick<Host, "log">;
}

// Names, limits and the default are the vendor's.
const query = z.object({
  source: z.enum(["container", "system"]).optional(),
  tail: z
    .string()
    .regex(/^\d+$/, "Invalid input: expected an integer")
    .transform(Number)
    .pipe(z.int().max(5000))
    .default(100),
  since: since.optional(),
  "Last-Event-ID": lastEventId.optional(),
});

export type LogsQuery = z.output<typeof query>;

const pollMs = 100;

/** What is asked for, or how it is refused. 422 for a parameter that does not fit is an assumption. */
export function logsQuery(
  request: Request<{ id: string }>,
  account: PodLogsOptions["account"],
): LogsQuery | RestRefusal {
  const parsed = query.safeParse({ ...request.query, "Last-Event-ID": request.get("last-event-id") });
  if (!parsed.success) {
    const errors = parsed.error.issues.map((issue) => `${issue.path.slice(0, 1).join("")}: ${issue.message}`);
    return { status: 422, detail: "Request validation failed.", errors };
  }
  return account.pod(request.params.id) === undefined ? { status: 404, detail: "pod not found" } : parsed.data;
}

/**
 * A stream of events that begins with so many lines of the past, or with those after a cursor, and goes on with what the pod
 * logs (documented). That it ends with the pod is an assumption.
 */
export async function streamLogs(
  response: Response,
  id: string,
  asked: LogsQuery,
  { account, host }: PodLogsOptions,
): Promise<void> {
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    connection: "keep-alive",
    "x-accel-buffering": "no",
  });
  response.flushHeaders();
  const lines = async (): Promise<PlacedLine[]> =>
    placed(await host.log(id)).filter(({ source }) => asked.source === undefined || asked.source === source);
  let position = asked["Last-Event-ID"] ?? asked.since ?? beforeTail(await lines(), asked.tail);
  while (!response.closed) {
    for (const line of await lines()) {
      if (!isAfter(line.at, position)) continue;
      response.write(event(line));
      position = line.at;
    }
    if (account.pod(id) === undefined) break;
    await sleep(pollMs);
  }
  response.end();
}

/** The place after which so many lines stand. */
function beforeTail(lines: readonly PlacedLine[], tail: number): LogPosition {
  return lines[lines.length - tail - 1]?.at ?? { time: Number.NEGATIVE_INFINITY, number: 0 };
}

function event(line: PlacedLine): string {
  const data = { ts: line.time, source: line.source, line: line.text };
  return `id: ${eventId(line)}\ndata: ${JSON.stringify(data)}\n\n`;
}
