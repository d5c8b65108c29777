import express from "express";
import { errorCodes, isTerminal } from "../../contract/api.ts";
import { checkInputs, type InputProblem, type InputValues } from "../../contract/input-values.ts";
import type { Boot } from "../boot.ts";
import type { FileStore } from "../files/store.ts";
import { answer, type Handlers, HttpProblem, pathParameter } from "../http.ts";
import type { Log } from "../log.ts";
import { readiness } from "../readiness.ts";
import { fileIds } from "../workflow/inputs.ts";
import type { Workflow } from "../workflow/load.ts";
import { parseBody } from "./body.ts";
import { type JobStore, jobBody } from "./store.ts";
import type { Worker } from "./worker.ts";

export interface JobRoutesOptions {
  boot: Pick<Boot, "health" | "workflow">;
  jobs: JobStore;
  files: FileStore;
  worker: Pick<Worker, "wake" | "cancel">;
  /** Largest body of a run, in bytes. */
  payloadBytes: number;
  log: Log;
}

export function jobHandlers(options: JobRoutesOptions): Pick<Handlers, "run" | "job" | "cancelJob"> {
  const { boot, jobs, files, worker, payloadBytes, log } = options;
  return {
    run: [
      express.raw({ type: () => true, limit: payloadBytes }),
      answer<"run">(async (request) => {
        const workflow = readiness(boot);
        const values = await checkedInputs(workflow, parseBody(request.body), files);
        const job = await jobs.accept(values);
        if (job === undefined) {
          throw new HttpProblem(
            429,
            errorCodes.queueFull,
            { detail: "too many jobs wait; try again later" },
            retryLater,
          );
        }
        worker.wake();
        log.info("job queued", { job_id: job.id });
        return { status: 202, body: { job_id: job.id, state: "queued" } };
      }),
    ],
    job: [
      answer<"job">(async (request) => {
        const job = await jobs.get(pathParameter(request, "id"));
        if (job === undefined) throw new HttpProblem(404, errorCodes.jobNotFound);
        return { status: 200, body: jobBody(job) };
      }),
    ],
    cancelJob: [
      answer<"cancelJob">(async (request) => {
        const id = pathParameter(request, "id");
        const canceled = await jobs.cancel(id);
        if (canceled === undefined) throw new HttpProblem(404, errorCodes.jobNotFound);
        const { before } = canceled;
        if (isTerminal(before)) return { status: 200, body: { job_id: id, state: before, already_terminal: true } };
        if (before === "running") worker.cancel(id);
        return { status: 202, body: { job_id: id, state: "canceling", cancel_requested: true } };
      }),
    ],
  };
}

const retryLater = { "retry-after": "5" };

/**
 * The values of a run, checked against the contract and against the files that are there.
 * @throws {HttpProblem} 400 with every problem
 */
async function checkedInputs({ contract }: Workflow, body: unknown, files: FileStore): Promise<InputValues> {
  const { values, problems } = checkInputs(contract.inputs, body);
  const missing: InputProblem[] = [];
  for (const { input, id } of fileIds(contract.inputs, values)) {
    if ((await files.get(id)) !== undefined) continue;
    const message = `is "${id}", and there is no such file; upload it to /files first`;
    missing.push({ path: input, code: `file_not_found:${input}`, message });
  }
  const all = [...problems, ...missing];
  if (all.length > 0) throw new HttpProblem(400, errorCodes.validation, { detail: all[0]?.code ?? "", problems: all });
  return values;
}
