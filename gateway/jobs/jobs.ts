import { randomUUID } from "node:crypto";
import type { ComfyClient } from "../comfy/client.ts";
import { createComfyEvents } from "../comfy/events.ts";
import { createViews } from "../comfy/saved.ts";
import type { ComfyServer } from "../comfy/server.ts";
import type { Database } from "../db.ts";
import type { FileStore } from "../files/store.ts";
import type { Log } from "../log.ts";
import type { Workflow } from "../workflow/load.ts";
import { createLeftovers } from "./leftovers.ts";
import { createEventLog, type EventLog } from "./live/event-log.ts";
import { createJobFeed } from "./live/feed.ts";
import { createEventStreams, type EventStreams } from "./live/streams.ts";
import { createTracker } from "./live/tracker.ts";
import { createWaitForEnd, type WaitForEnd } from "./live/wait.ts";
import { createOutputs } from "./outputs.ts";
import { createRetention } from "./retention.ts";
import { createJobRunner } from "./run.ts";
import { createSqliteJobStore } from "./sqlite-store.ts";
import type { JobStore } from "./store.ts";
import { createJobView, type JobView } from "./view.ts";
import { createWatch } from "./watch.ts";
import { createWorker, type Worker } from "./worker.ts";

export interface JobsOptions {
  database: Database;
  files: FileStore;
  comfy: { url: string; folder: string | null; client: ComfyClient; server: ComfyServer; outlives: boolean };
  appId: string | null;
  limits: {
    jobTimeoutMs: number | null;
    queuedJobs: number;
    /** Days that ended jobs are kept; null keeps them all. */
    jobRetentionDays: number | null;
    /** Event streams that may be open. */
    eventStreams: number;
  };
  /** USD for an hour of the pod; undefined when not known. */
  costPerHour: () => number | undefined;
  /** Told of a job that has ended: its webhook waits in the outbox then. */
  ended: (jobId: string) => void;
  log: Log;
}

/** Everything about jobs, put together. */
export interface Jobs {
  store: JobStore;
  view: JobView;
  events: EventLog;
  streams: EventStreams;
  waitForEnd: WaitForEnd;
  worker: Pick<Worker, "cancel">;
  /** The endpoint has booted: works off the queue. */
  start(workflow: Workflow): void;
  /** Lets everybody go who waits or listens, and hands the running job back. */
  stop(): Promise<void>;
}

export function createJobs(options: JobsOptions): Jobs {
  const { database, files, comfy, appId, limits, costPerHour, ended, log } = options;
  const { client, server } = comfy;
  const stopping = new AbortController();
  const feed = createJobFeed();
  const stateChanged = (jobId: string, hasEnded: boolean): void => {
    feed.changed(jobId);
    if (hasEnded) ended(jobId);
  };
  const store = createSqliteJobStore(database, limits.queuedJobs, stateChanged, () => worker.wake());
  const events = createEventLog(database, (jobId) => feed.changed(jobId));
  const tracker = createTracker({ events, feed, log });
  const view = createJobView({ jobs: store, progressOf: (id) => tracker.progressOf(id), costPerHour });

  const watch = createWatch(client);
  const outputs = createOutputs({ client: createViews(client, comfy.folder), files, appId });
  const clientId = randomUUID();
  const comfyEvents = createComfyEvents({
    url: comfy.url,
    clientId,
    onEvent: (event) => {
      if (event.kind === "ended" && event.promptId !== undefined) watch.promptEnded(event.promptId);
      outputs.event(event);
      tracker.event(event);
    },
    onConnected: () => watch.look(),
    log,
  });
  const runner = createJobRunner({
    ...{ client, watch, tracker, files, outputs, clientId, log },
    timeoutMs: limits.jobTimeoutMs,
    freeComfy: (promptId) => server.free(promptId),
  });
  const worker = createWorker({
    ...{ jobs: store, runner, log },
    leftovers: createLeftovers(client, log),
    comfyUp: (abort) => server.whenUp(abort),
    comfyOutlives: comfy.outlives,
    bootedFrom: Date.now(),
  });
  const retention = createRetention({ jobs: store, days: limits.jobRetentionDays, log });

  return {
    ...{ store, view, events, worker },
    streams: createEventStreams({
      ...{ events, feed, log },
      job: (id) => view.byId(id),
      stopping: stopping.signal,
      most: limits.eventStreams,
    }),
    waitForEnd: createWaitForEnd(store, feed, stopping.signal),
    start: (workflow) => {
      comfyEvents.open();
      worker.start(workflow);
      retention.start();
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([worker.stop(), comfyEvents.close(), retention.stop()]);
    },
  };
}
