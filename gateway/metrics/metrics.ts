import { isTerminal, type Job, terminalStates } from "../../contract/api.ts";
import { errorFields, type Log } from "../log.ts";
import { createCounter, createHistogram, exposition, type Family, type Sample } from "./exposition.ts";

export interface MetricsOptions {
  /** A job as the API shows it. */
  job: (id: string) => Promise<Job | undefined>;
  unfinished: () => Promise<{ queued: number; running: number }>;
  /** Webhook deliveries that are still to be made. */
  pendingDeliveries: () => Promise<number>;
  isReady: () => boolean;
  /** USD for an hour of the pod; undefined when not known. */
  costPerHour: () => number | undefined;
  log: Log;
}

/** What the gateway counts for those who watch it; sums are since its start. */
export interface Metrics {
  jobEnded(id: string): void;
  /** @param route its name in the API's table; `none` where no route is */
  requestEnded(route: string, status: number, seconds: number): void;
  /** In Prometheus' text format. */
  text(): Promise<string>;
}

/** Seconds: from a picture of a small model to a long video. */
const bounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];

export function createMetrics(options: MetricsOptions): Metrics {
  const { job, unfinished, pendingDeliveries, isReady, costPerHour, log } = options;
  const ended = createCounter(terminalStates.map((state) => ({ state })));
  const waits = createHistogram(bounds);
  const runs = createHistogram(bounds);
  const gpuSeconds = createCounter([{}]);
  const cost = createCounter([{}]);
  const requests = createCounter();
  const requestSeconds = createCounter();
  const requestCounts = createCounter();

  const count = ({ state, timings, cost_usd }: Job): void => {
    ended.add({ state });
    if (timings.run_ms === null) return;
    waits.observe(timings.queued_ms / 1000);
    runs.observe(timings.run_ms / 1000);
    gpuSeconds.add({}, timings.run_ms / 1000);
    cost.add({}, cost_usd ?? 0);
  };

  const families = async (): Promise<Family[]> => {
    const [{ queued, running }, pending] = await Promise.all([unfinished(), pendingDeliveries()]);
    const perHour = costPerHour();
    return [
      gauge("comfy_endpoints_ready", "1 when the endpoint takes runs.", isReady() ? 1 : 0),
      {
        ...{ name: "comfy_endpoints_jobs", help: "Jobs that have not ended.", type: "gauge" },
        samples: Object.entries({ queued, running }).map(([state, value]) => ({ labels: { state }, value })),
      },
      counter("comfy_endpoints_jobs_ended_total", "Jobs that have ended.", ended.samples()),
      {
        ...{ name: "comfy_endpoints_job_wait_seconds", help: "From the request to the run.", type: "histogram" },
        samples: waits.samples(),
      },
      {
        ...{ name: "comfy_endpoints_job_run_seconds", help: "Run time of jobs.", type: "histogram" },
        samples: runs.samples(),
      },
      counter("comfy_endpoints_gpu_seconds_total", "Time in which jobs had the GPU.", gpuSeconds.samples()),
      counter("comfy_endpoints_cost_usd_total", "The pod's price for that time, where known.", cost.samples()),
      ...(perHour === undefined
        ? []
        : [gauge("comfy_endpoints_pod_cost_usd_per_hour", "The pod's price, running jobs or not.", perHour)]),
      gauge("comfy_endpoints_webhooks_pending", "Webhook deliveries that are still to be made.", pending),
      counter("comfy_endpoints_http_requests_total", "Answered requests.", requests.samples()),
      {
        ...{ name: "comfy_endpoints_http_request_seconds", help: "Time to the whole answer.", type: "summary" },
        samples: [...suffixed("_sum", requestSeconds.samples()), ...suffixed("_count", requestCounts.samples())],
      },
      gauge("process_resident_memory_bytes", "Memory of the gateway.", process.memoryUsage.rss()),
    ];
  };

  return {
    jobEnded: (id) => {
      const countJob = (): Promise<unknown> =>
        job(id).then(
          // Asked a moment later: it may have been removed.
          (found) => found !== undefined && isTerminal(found.state) && count(found),
          (error: unknown) => log.warn("job not counted", { job_id: id, ...errorFields(error) }),
        );
      // Whoever waits for the job has its answer first.
      setImmediate(() => void countJob());
    },
    requestEnded: (route, status, seconds) => {
      requests.add({ route, status: String(status) });
      requestSeconds.add({ route }, seconds);
      requestCounts.add({ route });
    },
    text: async () => exposition(await families()),
  };
}

const gauge = (name: string, help: string, value: number): Family => ({
  ...{ name, help, type: "gauge" },
  samples: [{ value }],
});
const counter = (name: string, help: string, samples: Sample[]): Family => ({ name, help, type: "counter", samples });
const suffixed = (suffix: string, samples: Sample[]): Sample[] => samples.map((sample) => ({ ...sample, suffix }));
