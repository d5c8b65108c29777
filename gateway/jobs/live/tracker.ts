import type { JobProgress } from "../../../contract/api.ts";
import type { Prompt } from "../../../contract/workflow.ts";
import type { ComfyEvent } from "../../comfy/frames.ts";
import { errorFields, type Log } from "../../log.ts";
import type { EventLog } from "./event-log.ts";
import type { JobFeed } from "./feed.ts";
import { advance, beginning, type PromptProgress, progressBody } from "./progress.ts";

export interface TrackerOptions {
  events: Pick<EventLog, "progress">;
  feed: Pick<JobFeed, "preview">;
  log: Log;
  /** Shortest time between two entries of the event log. */
  everyMs?: number;
}

/** How far the running job is: ComfyUI runs one at a time. */
export interface Tracker {
  begin(job: { id: string; promptId: string }, prompt: Prompt): void;
  /** ComfyUI told something. */
  event(event: ComfyEvent): void;
  end(): void;
  /** null for a job that does not run, and for one of which nothing was told yet. */
  progressOf(jobId: string): JobProgress | null;
}

interface Tracked {
  jobId: string;
  promptId: string;
  progress: PromptProgress;
  wasTold: boolean;
  timer: NodeJS.Timeout | undefined;
}

export function createTracker({ events, feed, log, everyMs = 250 }: TrackerOptions): Tracker {
  let tracked: Tracked | undefined;

  // What comes in before the time is up is written as one: a short job leaves no entry, and waits for none.
  const writeSoon = (job: Tracked): void => {
    job.timer ??= setTimeout(() => {
      job.timer = undefined;
      events.progress(job.jobId, progressBody(job.progress)).catch((error: unknown) => {
        log.warn("progress not written", { job_id: job.jobId, ...errorFields(error) });
      });
    }, everyMs);
  };
  const end = (): void => {
    clearTimeout(tracked?.timer);
    tracked = undefined;
  };

  return {
    begin: ({ id, promptId }, prompt) => {
      end();
      tracked = { jobId: id, promptId, progress: beginning(prompt), wasTold: false, timer: undefined };
    },
    event: (event) => {
      const job = tracked;
      if (job === undefined || (event.promptId ?? job.promptId) !== job.promptId) return;
      if (event.kind === "preview") {
        const { node = job.progress.current?.node ?? null, mediaType, bytes } = event;
        feed.preview(job.jobId, () => ({ node, media_type: mediaType, data: bytes.toString("base64") }));
        return;
      }
      const progress = advance(job.progress, event);
      if (progress === job.progress) return;
      job.progress = progress;
      job.wasTold = true;
      writeSoon(job);
    },
    end,
    progressOf: (jobId) => (tracked?.jobId === jobId && tracked.wasTold ? progressBody(tracked.progress) : null),
  };
}
