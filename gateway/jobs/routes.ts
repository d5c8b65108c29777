import express, { type Request, type Response } from "express";
import { errorCodes, isTerminal, routes } from "../../contract/api.ts";
import type { Boot } from "../boot/boot.ts";
import { isForm } from "../files/form.ts";
import type { FileStore } from "../files/store.ts";
import { answer, type Handlers, HttpProblem, pathParameter, queryOf } from "../http.ts";
import { announcedWithin } from "../limits/payload.ts";
import type { Log } from "../log.ts";
import { readiness } from "../readiness.ts";
import type { EventLog } from "./live/event-log.ts";
import type { EventStreams } from "./live/streams.ts";
import type { WaitForEnd } from "./live/wait.ts";
import { answerWithOutput, wantedOutput } from "./output-answer.ts";
import { idempotencyConflict, idempotencyOf } from "./requests/idempotency.ts";
import { cursorText, listRequest } from "./requests/list.ts";
import { retryAfterSeconds } from "./requests/retry-after.ts";
import type { ReadRun } from "./requests/run-body.ts";
import type { CheckWebhook } from "./requests/webhook-url.ts";
import type { JobRecord, JobStore, Repeated } from "./store.ts";
import type { JobView } from "./view.ts";
import type { Worker } from "./worker.ts";

export interface JobRoutesOptions {
  boot: Pick<Boot, "health" | "workflow">;
  store: JobStore;
  events: Pick<EventLog, "after">;
  readRun: ReadRun;
  files: Pick<FileStore, "get" | "localPath">;
  worker: Pick<Worker, "cancel">;
  view: JobView;
  waitForEnd: WaitForEnd;
  streams: EventStreams;
  /** Whether a webhook may go there. */
  checkWebhook: CheckWebhook;
  /** Largest body of a run, in bytes. */
  payloadBytes: number;
  log: Log;
}

type JobRoutes = "run" | "job" | "listJobs" | "jobEvents" | "cancelJob";

export function jobHandlers(options: JobRoutesOptions): Pick<Handlers, JobRoutes> {
  const {
    boot,
    store: jobs,
    events,
    readRun,
    files,
    worker,
    view,
    waitForEnd,
    streams,
    payloadBytes,
    checkWebhook,
    log,
  } = options;
  const mustExist = async (request: Request): Promise<JobRecord> => {
    const job = await jobs.get(pathParameter(request, "id"));
    if (job === undefined) throw new HttpProblem(404, errorCodes.jobNotFound);
    return job;
  };
  /** The job when it has ended, or when the seconds are over, or whoever waits is gone. */
  const waitFor = async (job: JobRecord, seconds: string | undefined, response: Response): Promise<JobRecord> => {
    if (seconds === undefined || isTerminal(job.state)) return job;
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    return (await waitForEnd(job.id, Number(seconds) * 1000, gone.signal)) ?? job;
  };

  /** Queues what a request asks for, or finds it queued before. */
  const accept = async (request: Request, response: Response): Promise<{ job: JobRecord; isNew: boolean }> => {
    const workflow = readiness(boot);
    const { priority: urgency = "0", webhook = null } = queryOf(request, routes.run.query);
    const priority = Number(urgency);
    const sent = await readRun(request, response, workflow);
    const caller = String(response.locals["keyName"] ?? "first");
    const header = request.get("idempotency-key");
    const idempotency = idempotencyOf(header, caller, { body: sent.body, priority, webhookUrl: webhook });
    // Before anything is checked: what was right then may have gone, such as a file.
    const before = idempotency === null ? undefined : await jobs.repeated(idempotency);
    if (before !== undefined) return { job: repeatedJob(before), isNew: false };

    const inputs = await sent.inputs();
    if (webhook !== null) await checkWebhook(webhook);
    const accepted = await jobs.accept({ inputs, priority, webhookUrl: webhook, idempotency });
    if (accepted.kind === "full") throw queueFull(retryAfterSeconds(await jobs.recentRunMs(), accepted.queued));
    if (accepted.kind !== "accepted") return { job: repeatedJob(accepted), isNew: false };
    sent.accepted();
    const { job } = accepted;
    log.info("job queued", { job_id: job.id });
    return { job, isNew: true };
  };

  return {
    run: [
      announcedWithin(payloadBytes),
      // A form is read as it comes: it holds files.
      express.raw({ type: (message) => !isForm(message as Request), limit: payloadBytes }),
      async (request, response) => {
        const { wait } = queryOf(request, routes.run.query);
        const { job, isNew } = await accept(request, response);
        if (!isNew) response.set("idempotent-replayed", "true");
        const latest = await waitFor(job, wait, response);
        const isWanted = wait !== undefined && isTerminal(latest.state);
        const output = wantedOutput(request, boot.workflow());
        if (!isWanted) response.status(202).json({ job_id: latest.id, state: latest.state });
        else if (output !== undefined) await answerWithOutput(latest, output, files, request, response);
        else response.status(200).json(await view.of(latest));
      },
    ],
    job: [
      async (request, response) => {
        const { wait } = queryOf(request, routes.job.query);
        const job = await waitFor(await mustExist(request), wait, response);
        const output = wantedOutput(request, boot.workflow());
        if (output === undefined) response.status(200).json(await view.of(job));
        else if (isTerminal(job.state)) await answerWithOutput(job, output, files, request, response);
        else response.status(202).json(await view.of(job));
      },
    ],
    listJobs: [
      answer<"listJobs">(async (request) => {
        const { filter, limit, cursor } = listRequest(queryOf(request, routes.listJobs.query));
        const found = await jobs.list(filter, limit + 1, cursor);
        const page = found.slice(0, limit);
        const last = found.length > limit ? page.at(-1) : undefined;
        const items = await view.summaries(page);
        return { status: 200, body: { items, next_cursor: last === undefined ? null : cursorText(last) } };
      }),
    ],
    jobEvents: [
      async (request, response) => {
        const { last_event_id: lastId } = queryOf(request, routes.jobEvents.query);
        const job = await mustExist(request);
        const after = lastEventId(request.get("last-event-id") ?? lastId);
        const isOver = isTerminal(job.state) && (await events.after(job.id, after, 1)).length === 0;
        // A browser connects again after the last event; this is how it is told not to.
        if (isOver) response.status(204).end();
        else if (request.method === "HEAD") response.type("text/event-stream").end();
        else await streams.send(job.id, after, response);
      },
    ],
    cancelJob: [
      answer<"cancelJob">(async (request) => {
        const id = pathParameter(request, "id");
        const canceled = await jobs.cancel(id);
        if (canceled === undefined) throw new HttpProblem(404, errorCodes.jobNotFound);
        const { before } = canceled;
        if (isTerminal(before)) return { status: 200, body: { job_id: id, state: before, already_terminal: true } };
        if (before === "running") worker.cancel(id);
        return { status: 202, body: { job_id: id, state: "canceling", cancel_requested: true } };
      }),
    ],
  };
}

function repeatedJob(repeated: Repeated): JobRecord {
  if (repeated.kind === "conflict") throw idempotencyConflict();
  return repeated.job;
}

const queueFull = (seconds: number): HttpProblem =>
  new HttpProblem(
    429,
    errorCodes.queueFull,
    { detail: "too many jobs wait; try again later" },
    { "retry-after": String(seconds) },
  );

/** @throws {HttpProblem} 400 */
function lastEventId(id = "0"): number {
  if (/^\d{1,15}$/.test(id)) return Number(id);
  const problem = {
    path: "Last-Event-ID",
    message: `is ${JSON.stringify(id)}; give the id of an event, or leave it out`,
  };
  throw new HttpProblem(400, errorCodes.validation, {
    detail: `Last-Event-ID ${problem.message}`,
    problems: [problem],
  });
}
