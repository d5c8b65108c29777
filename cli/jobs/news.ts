import { isTerminal, type Job, type JobProgress, type JobState, jobProgress } from "../../contract/api.ts";
import { stateEvent } from "../../contract/job-events.ts";
import type { StreamEvent } from "../http/event-stream.ts";

/** How far a job is, as far as it was told. */
export interface JobView {
  state: JobState | "unknown";
  /** 1 for the one that runs next; undefined unless it waits and its place is known. */
  queuePosition: number | undefined;
  /** undefined unless it runs and has told how far it is. */
  progress: JobProgress | undefined;
}

/** Whoever is told about a job. */
export interface JobNews {
  /** Something is different. */
  onChange: (view: JobView) => void;
  /** The endpoint cannot be reached, and is tried again. */
  onTrouble: (reason: string) => void;
}

/** Makes news of events and of looks at a job. */
export function createNews({ onChange, onTrouble }: JobNews) {
  let view: JobView = { state: "unknown", queuePosition: undefined, progress: undefined };

  function change(next: JobView): void {
    const isSame = JSON.stringify(next) === JSON.stringify(view);
    view = next;
    if (!isSame) onChange(view);
  }

  return {
    state: () => view.state,
    /** @returns the job, when it has ended */
    look: (job: Job): Job | undefined => {
      const { state, queue_position: place, progress } = job;
      change({ state, queuePosition: place ?? undefined, progress: progress ?? undefined });
      return isTerminal(state) ? job : undefined;
    },
    /** @returns the job, when this was its last event */
    hear: ({ type, data }: StreamEvent): Job | undefined => {
      const document = parseJson(data);
      const told = type === "state" ? stateEvent.safeParse(document).data : undefined;
      if (told !== undefined && told.state !== view.state) {
        change({ state: told.state, queuePosition: undefined, progress: undefined });
      }
      const progress = type === "progress" ? jobProgress.safeParse(document).data : undefined;
      if (progress !== undefined) change({ ...view, progress });
      return told?.job !== undefined && isTerminal(told.state) ? told.job : undefined;
    },
    trouble: onTrouble,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Nothing that this version understands.
    return undefined;
  }
}
