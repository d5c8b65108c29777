import type { Request, Response } from "express";
import { errorCodes, routePath } from "../../contract/api.ts";
import type { ContractOutput } from "../../contract/workflow-contract.ts";
import { sendWholeFile } from "../files/send.ts";
import type { FileStore } from "../files/store.ts";
import { HttpProblem } from "../http.ts";
import type { Workflow } from "../workflow/load.ts";
import { outputTypes } from "../workflow/outputs.ts";
import type { JobRecord } from "./store.ts";

/**
 * The output whose bytes a caller wants in place of the job: the first one of the media type that its `accept` prefers to
 * JSON. Whoever wants anything, or something that the workflow does not make, gets JSON.
 */
export function wantedOutput(request: Request, workflow: Workflow | undefined): ContractOutput | undefined {
  if (workflow === undefined || request.get("accept") === undefined) return undefined;
  const type = request.accepts(["application/json", ...outputTypes(workflow.contract)]);
  return workflow.contract.outputs.find((output) => output.type === type);
}

/**
 * Answers with the bytes of an output of a job that has ended.
 * @throws {HttpProblem} 409 when it ended without that output, 404 when the file is gone
 */
export async function answerWithOutput(
  job: JobRecord,
  { name }: ContractOutput,
  files: Pick<FileStore, "get" | "localPath">,
  request: Request,
  response: Response,
): Promise<void> {
  response.set("x-job-id", job.id);
  const [id] = [job.result?.[name]].flat();
  if (typeof id !== "string") {
    const detail = job.error ?? `the job has no output "${name}"`;
    throw new HttpProblem(409, errorCodes.jobWithoutOutput, { detail });
  }
  const file = await files.get(id);
  const path = file && (await files.localPath(file));
  if (file === undefined || path === undefined) throw new HttpProblem(404, errorCodes.fileNotFound);
  response.set("content-location", routePath("downloadFile", { id }));
  await sendWholeFile(request, response, file, path);
}
