/** What is said about a run. */
import type { Job, Run, Step } from "./api.ts";

/** What a run does now, as a clause. */
export function progressLine({ status }: Pick<Run, "status">, jobs: readonly Job[]): string {
  const job = jobs.find((candidate) => candidate.status === "in_progress");
  if (job !== undefined) {
    const step = job.steps.find((candidate) => candidate.status === "in_progress");
    return step === undefined ? `job "${job.name}"` : `job "${job.name}", step "${step.name}"`;
  }
  switch (status) {
    case "waiting":
      return "waits for an approval";
    case "pending":
      return "waits for another run";
    case "in_progress":
      return "goes on";
    default:
      return "waits for a runner";
  }
}

/** Where a run failed. */
export interface FailedStep {
  job: Job;
  /** Undefined when the job never came to one. */
  step: Step | undefined;
}

const bad = new Set(["failure", "timed_out", "startup_failure"]);

export function failedStep(jobs: readonly Job[]): FailedStep | undefined {
  const job = jobs.find(({ conclusion }) => bad.has(conclusion ?? ""));
  if (job === undefined) return undefined;
  return { job, step: job.steps.find(({ conclusion }) => bad.has(conclusion ?? "")) };
}

/** Why an image was not built. */
export function failureMessage(
  imageRef: string,
  { conclusion, url }: Pick<Run, "conclusion" | "url">,
  failed: FailedStep | undefined,
  log: readonly string[],
): string {
  if (conclusion === "cancelled") {
    return `GitHub Actions did not build ${imageRef}: its run was canceled there (${url}); the next pulumi up starts another one`;
  }
  const where =
    failed === undefined
      ? `its run ended as ${conclusion ?? "unknown"}`
      : [
          `job "${failed.job.name}" failed`,
          ...(failed.step === undefined ? [] : [`at step "${failed.step.name}"`]),
        ].join(" ");
  return [`GitHub Actions did not build ${imageRef}: ${where} (${url})`, ...log.map((line) => `  ${line}`)].join("\n");
}

const tailLines = 30;

/**
 * The last lines of a step in its job's log, without times and colors. The job goes on after a failed step, to clean up.
 * @param log each line begins with the time at which it was written
 */
export function logTail(log: string, step: Pick<Step, "startedAt" | "completedAt"> | undefined): string[] {
  const lines = log.split(/\r?\n/).flatMap((text) => {
    const [, time = "", said = text] = /^\uFEFF?(\d{4}-\d\d-\d\dT[\d:.]+Z) (.*)$/.exec(text) ?? [];
    return said.trim() === "" ? [] : [{ at: Date.parse(time), said: plain(said) }];
  });
  const from = Date.parse(step?.startedAt ?? "");
  // A step's times are whole seconds.
  const until = Date.parse(step?.completedAt ?? "") + 1000;
  const inStep = lines.filter(({ at }) => !(at < from) && !(at >= until));
  const shown = inStep.length === 0 ? lines : inStep;
  const error = shown.findLastIndex(({ said }) => said.startsWith("##[error]"));
  return shown
    .slice(0, error === -1 ? undefined : error + 1)
    .slice(-tailLines)
    .map(({ said }) => said.replace(/^##\[\w+\]/, ""));
}

const plain = (text: string): string => text.replace(/\u001B\[[\d;]*m/g, "");
