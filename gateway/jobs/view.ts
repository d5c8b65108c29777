import type { Job, JobProgress, JobSummary } from "../../contract/api.ts";
import type { JobHead, JobRecord, JobStore } from "./store.ts";

/** What is known of a job beside what the store has. */
export interface Circumstances {
  progress: JobProgress | null;
  queuePosition: number | null;
  /** USD for an hour of the pod; undefined when not known. */
  costPerHour: number | undefined;
  /** Milliseconds since the epoch. */
  now: number;
}

/** A job as a list shows it. */
export function jobSummaryBody(job: JobHead, { progress, queuePosition, costPerHour, now }: Circumstances): JobSummary {
  const timings = timingsOf(job, now);
  return {
    job_id: job.id,
    state: job.state,
    error: job.error,
    prompt_id: job.promptId,
    cancel_requested: job.cancelRequested,
    priority: job.priority,
    created_at: job.createdAt,
    started_at: job.startedAt,
    finished_at: job.finishedAt,
    timings,
    progress,
    queue_position: queuePosition,
    cost_usd: costPerHour === undefined || timings.run_ms === null ? null : cost(timings.run_ms, costPerHour),
  };
}

/** A job as the API shows it. */
export function jobBody(job: JobRecord, circumstances: Circumstances): Job {
  const { job_id, state, ...rest } = jobSummaryBody(job, circumstances);
  const output =
    job.result === null || job.promptId === null
      ? null
      : { prompt_id: job.promptId, status: "completed" as const, result: job.result };
  return { job_id, state, output, ...rest };
}

function timingsOf({ createdAt, startedAt, finishedAt, bootMs }: JobHead, now: number): Job["timings"] {
  const created = Date.parse(createdAt);
  const end = finishedAt === null ? now : Date.parse(finishedAt);
  const start = startedAt === null ? undefined : Date.parse(startedAt);
  return {
    queued_ms: span(created, start ?? end),
    boot_ms: bootMs,
    run_ms: start === undefined ? null : span(start, end),
  };
}

/** The clock may have been set back meanwhile. */
const span = (from: number, to: number): number => Math.max(0, to - from);

// A job of some milliseconds costs less than a millionth of a dollar.
const cost = (runMs: number, costPerHour: number): number => Number(((runMs / 3_600_000) * costPerHour).toFixed(9));

/** Shows jobs with what belongs to the moment. */
export interface JobView {
  of(job: JobRecord): Promise<Job>;
  byId(id: string): Promise<Job | undefined>;
  summaries(jobs: readonly JobHead[]): Promise<JobSummary[]>;
}

export interface JobViewOptions {
  jobs: Pick<JobStore, "get" | "queuePosition" | "queueOrder">;
  progressOf: (jobId: string) => JobProgress | null;
  costPerHour: () => number | undefined;
}

export function createJobView({ jobs, progressOf, costPerHour }: JobViewOptions): JobView {
  const circumstances = (job: JobHead, queuePosition: number | null): Circumstances => ({
    progress: job.state === "running" ? progressOf(job.id) : null,
    queuePosition,
    costPerHour: costPerHour(),
    now: Date.now(),
  });
  const of = async (job: JobRecord): Promise<Job> =>
    jobBody(job, circumstances(job, job.state === "queued" ? await jobs.queuePosition(job) : null));
  return {
    of,
    byId: async (id) => {
      const job = await jobs.get(id);
      return job && of(job);
    },
    summaries: async (list) => {
      const isWaiting = ({ state }: JobHead): boolean => state === "queued";
      const order = list.some(isWaiting) ? await jobs.queueOrder() : [];
      const places = new Map(order.map((sequence, at) => [sequence, at + 1]));
      // One that has begun between the two looks has no place any more.
      const place = (job: JobHead): number | null => (isWaiting(job) ? (places.get(job.sequence) ?? null) : null);
      return list.map((job) => jobSummaryBody(job, circumstances(job, place(job))));
    },
  };
}
