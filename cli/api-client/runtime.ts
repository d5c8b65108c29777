import type { FileObject as File, Job } from "../../contract/api.ts";

type RunInputs = Record<string, unknown>;
type JobResult = Record<string, unknown>;

// What follows is every client's; above it stand, in a client, the types of its endpoint.

/** The endpoint said no, or a job did not complete. */
export class EndpointError extends Error {
  /** Status of the answer; undefined when it is a job that failed. */
  readonly status: number | undefined;
  /** The endpoint's word for it, such as `validation_error`. */
  readonly code: string;

  constructor(message: string, code: string, status?: number) {
    super(message);
    this.name = "EndpointError";
    this.code = code;
    this.status = status;
  }
}

type Body = NonNullable<RequestInit["body"]>;

export interface RunOptions {
  /** The same run asked for again with it is queued once. */
  idempotencyKey?: string;
  /** -100 to 100, the higher the sooner. */
  priority?: number;
  /** https address that is told when the job has ended. */
  webhook?: string;
}

export class EndpointClient {
  readonly #url: string;
  readonly #apiKey: string;

  /** @param options address of the endpoint, and a key of it */
  constructor(options: { url: string; apiKey: string }) {
    this.#url = options.url.replace(/\/+$/, "");
    this.#apiKey = options.apiKey;
  }

  /** Runs the workflow, and gives what it made; media are ids of files. */
  async run(inputs: RunInputs, options: RunOptions = {}): Promise<JobResult> {
    return this.result((await this.start(inputs, options)).job_id);
  }

  /** Queues a run. */
  async start(inputs: RunInputs, options: RunOptions = {}): Promise<Pick<Job, "job_id" | "state">> {
    const query = new URLSearchParams();
    if (options.priority !== undefined) query.set("priority", String(options.priority));
    if (options.webhook !== undefined) query.set("webhook", options.webhook);
    const idempotencyKey = options.idempotencyKey ?? crypto.randomUUID();
    const response = await this.#send("POST", `/run?${query.toString()}`, JSON.stringify(inputs), {
      "content-type": "application/json",
      "idempotency-key": idempotencyKey,
    });
    return (await response.json()) as Pick<Job, "job_id" | "state">;
  }

  /** Waits for a job's end, and gives what it made. */
  async result(jobId: string): Promise<JobResult> {
    for (;;) {
      const job = await this.job(jobId, 60);
      if (job.output !== null) return job.output.result;
      if (job.state === "failed" || job.state === "canceled") {
        const error = job.error ?? job.state;
        throw new EndpointError(`job ${jobId} ${job.state}: ${error}`, error);
      }
    }
  }

  /** @param waitSeconds holds the answer until the job has ended, at most so long (90) */
  async job(jobId: string, waitSeconds = 0): Promise<Job> {
    const response = await this.#send("GET", `/jobs/${encodeURIComponent(jobId)}?wait=${waitSeconds}`);
    return (await response.json()) as Job;
  }

  async cancel(jobId: string): Promise<void> {
    await this.#send("POST", `/jobs/${encodeURIComponent(jobId)}/cancel`);
  }

  /** Stores a file, for media inputs to name by its `file_id`. */
  async upload(bytes: Body, mediaType: string, name = "file"): Promise<File> {
    // Headers hold bytes; names are text in UTF-8.
    const bytesOfName = String.fromCharCode(...new TextEncoder().encode(name));
    const headers = { "content-type": mediaType, "x-file-name": bytesOfName };
    return (await (await this.#send("POST", "/files", bytes, headers)).json()) as File;
  }

  /** A file's bytes: `await (await client.download(id)).arrayBuffer()`. */
  download(fileId: string): Promise<Response> {
    return this.#send("GET", `/files/${encodeURIComponent(fileId)}/download`);
  }

  async #send(method: string, path: string, body: Body | null = null, headers = {}): Promise<Response> {
    const response = await fetch(this.#url + path, {
      method,
      body,
      headers: { "x-api-key": this.#apiKey, ...headers },
    });
    if (response.ok) return response;
    const said = (await response.json().catch(() => ({}))) as { error?: string; detail?: string };
    const code = said.error ?? "unknown";
    throw new EndpointError(
      `${method} ${path} answered ${response.status}: ${said.detail ?? code}`,
      code,
      response.status,
    );
  }
}
