import { EventEmitter, once } from "node:events";
import { callThrough, type SeenJob } from "./caller.ts";
import type { PlannedJob } from "./plan.ts";
import type { Stage } from "./stage.ts";

/** Callers who take jobs through an endpoint, each its next one when the last has ended. */
export interface Load {
  /** What they saw, when the last of them has ended. */
  over: Promise<SeenJob[]>;
  ended(): number;
  /** Ends when a job's acceptance is asked for the next time; at once when that will not be. */
  nextRequest(): Promise<void>;
}

const callers = 16;

export function startLoad(stage: Stage, jobs: readonly PlannedJob[], signal: AbortSignal): Load {
  const waiting = [...jobs];
  const seen: SeenJob[] = [];
  const requests = new EventEmitter<{ sent: [] }>();
  const call = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      seen.push(await callThrough(stage, job, () => requests.emit("sent"), signal));
    }
  };
  return {
    over: Promise.all(Array.from({ length: callers }, call)).then(() => seen),
    ended: () => seen.length,
    nextRequest: async () => {
      if (waiting.length > 0) await once(requests, "sent", { signal });
    },
  };
}
