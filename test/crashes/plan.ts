import { random } from "../support/random.ts";

export interface PlannedJob {
  /** What is drawn on its picture; no two jobs have the same. */
  prompt: string;
  /** How long ComfyUI takes for it. */
  seconds: number;
}

/** When to kill: so long after so many jobs have ended. */
export interface Strike {
  afterJobs: number;
  delayMs: number;
  /** And then in the midst of a job's acceptance, so long after it was asked for; undefined for whatever is going on. */
  intoRequestMs: number | undefined;
}

export interface Plan {
  jobs: PlannedJob[];
  strikes: Strike[];
}

const longestJobSeconds = 0.02;
const longestDelayMs = 200;
const longestIntoRequestMs = 8;

/**
 * Jobs, and moments at random, one in each of equal parts of the run: no job is hit by three, after which it would be
 * given up.
 */
export function planOf(jobs: number, kills: number, seed: number): Plan {
  const next = random(seed);
  return {
    jobs: Array.from({ length: jobs }, (_, at) => ({ prompt: `job ${at}`, seconds: next() * longestJobSeconds })),
    strikes: Array.from({ length: kills }, (_, at) => ({
      afterJobs: Math.floor(((at + next()) * jobs) / kills),
      delayMs: next() * longestDelayMs,
      intoRequestMs: at % 2 === 0 ? next() * longestIntoRequestMs : undefined,
    })),
  };
}
