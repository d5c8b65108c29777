import type { BootPhase, Health, ModelProgress } from "../../contract/api.ts";
import type { Log } from "../log.ts";
import { type Failure, shownOf } from "./failure.ts";

/** What a step tells while it works; each telling takes the place of the one before. */
export interface StepNews {
  /** What is being done; without figures that change all the time. */
  detail?: string;
  /** Share that is done, 0 to 1. */
  progress?: number;
  models?: readonly ModelProgress[];
}
export type StepReport = (news: StepNews) => void;

/** How far a boot is. */
export interface BootState {
  readonly phase: BootPhase;
  readonly failure: Failure | undefined;
  enter(phase: BootPhase): void;
  report: StepReport;
  fail(failure: Failure): void;
  /** What `/healthz` says before the boot is over. */
  view(): Health;
}

export function createBootState(log: Log): BootState {
  let phase: BootPhase = "contract";
  let news: StepNews = {};
  let failure: Failure | undefined;
  return {
    get phase() {
      return phase;
    },
    get failure() {
      return failure;
    },
    enter: (next) => {
      phase = next;
      news = {};
      log.info("boot", { phase });
    },
    report: (next) => {
      news = next;
    },
    fail: (why) => {
      failure = why;
    },
    view: () => {
      const { models, ...step } = news;
      const list = models === undefined ? {} : { models: [...models] };
      if (failure === undefined) return { status: "starting", phase, ...step, ...list };
      return { status: "failed", phase, ...shownOf(failure), ...list };
    },
  };
}
