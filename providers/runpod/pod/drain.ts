import { setTimeout as sleep } from "node:timers/promises";
import { drainView } from "../../../contract/api.ts";
import { type AdminAnswer, askGateway } from "./gateway-admin.ts";

export interface DrainArgs {
  endpointUrl: string;
  /** The endpoint's first key. */
  apiKey: string;
  /** How long the pod may finish what it has; 0 drains nothing. @default 120 */
  drainSeconds?: number;
}

/** `drained`: no job is left. `timed-out`: some are. `skipped`: nobody could be asked, or nobody was to be. */
export type DrainOutcome = "drained" | "timed-out" | "skipped";

const pauseMs = 1000;
/** A drain that its deployment did not live to finish ends by itself so long after it. */
const graceSeconds = 60;

/**
 * Has the gateway take no more runs, and waits until it has finished those it took. Never throws: what is to be deleted
 * is deleted, drained or not.
 */
export async function drainPod(
  { endpointUrl, apiKey, drainSeconds = 120 }: DrainArgs,
  log: (line: string) => void,
): Promise<DrainOutcome> {
  if (drainSeconds <= 0) return "skipped";
  const deadline = performance.now() + drainSeconds * 1000;
  const seconds = Math.min(drainSeconds + graceSeconds, 86_400);
  let told = "";
  let left = 0;
  for (;;) {
    const answer = await askGateway({ endpointUrl, adminKey: apiKey }, "drain", {}, { seconds });
    const drain = drainOf(answer);
    if (drain === undefined) {
      if (answer.kind === "refused" && answer.status !== 404) log(`not drained: the gateway says ${answer.detail}`);
      return "skipped";
    }
    if (drain.state === "drained") return "drained";
    left = drain.queued + drain.running;
    const line = `draining: ${jobs(drain.running)} running, ${drain.queued} queued; at most ${drainSeconds} s`;
    if (line !== told) log(line);
    told = line;
    if (performance.now() + pauseMs > deadline) break;
    await sleep(pauseMs);
  }
  log(`not drained within ${drainSeconds} s: ${jobs(left)} will be lost`);
  return "timed-out";
}

const drainOf = (answer: AdminAnswer) => (answer.kind === "ok" ? drainView.safeParse(answer.body).data : undefined);

const jobs = (count: number): string => `${count} ${count === 1 ? "job" : "jobs"}`;
