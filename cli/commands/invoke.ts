import { statSync } from "node:fs";
import { resolve } from "node:path";
import { documentError, type Problem } from "../../contract/errors.ts";
import type { InputValues } from "../../contract/input-values.ts";
import { parseDocument } from "../../contract/parse.ts";
import { type WorkflowContract, workflowContractSchema } from "../../contract/workflow-contract.ts";
import type { Client } from "../client.ts";
import { rememberContract } from "../completion/contracts.ts";
import type { Context } from "../context.ts";
import { openClient } from "../endpoint.ts";
import { UsageError } from "../errors.ts";
import { type ExitCode, exitCodes } from "../exit-code.ts";
import { nearPath } from "../files.ts";
import { readInputFlags, type Upload } from "../invoke/flags.ts";
import { invokeHelp } from "../invoke/help.ts";
import { saveResults } from "../invoke/results.ts";
import { jobLines } from "../job-lines.ts";
import { showJob } from "../jobs/display.ts";
import { followJob } from "../jobs/follow.ts";

export interface InvokeOptions {
  inputJson?: InputValues;
  wait?: true;
  timeoutSeconds?: number;
  pollSeconds: number;
  /** Folder for what the job makes. */
  out: string;
}

/** Runs a deployed app's workflow once; with `wait`, follows it to its end. */
export async function run(context: Context, appId: string, words: string[], options: InvokeOptions): Promise<ExitCode> {
  const client = await openClient(context, appId);
  const contract = await contractOf(context, appId, client);
  const { values, uploads, problems } = readInputFlags(contract, words, options.inputJson ?? {});
  const files = uploads.map((upload) => ({ ...upload, path: resolve(context.cwd, upload.path) }));
  const all = [...problems, ...files.flatMap(fileProblem)];
  if (all.length > 0) throw new UsageError(documentError(`invoke ${appId}`, all).message);

  const startedAt = performance.now();
  const request = { ...values, ...(await uploadAll(context, client, files)) };
  const accepted = await client.run(request);
  const document = { app_id: appId, endpoint_url: client.url, request };
  if (options.wait !== true) {
    context.output.result({ ...document, response: accepted }, () => [`job ${accepted.job_id} is ${accepted.state}`]);
    return exitCodes.done;
  }

  context.output.note(`job ${accepted.job_id}`);
  const { news, end } = showJob(context.output);
  const job = await followJob(client, accepted.job_id, {
    ...{ pollSeconds: options.pollSeconds, timeoutSeconds: options.timeoutSeconds },
    ...{ interrupted: context.interrupted, onGivingUp: "cancel", news },
  }).finally(end);
  const saved = await saveResults(client, contract.outputs, job, resolve(context.cwd, options.out));
  context.output.result({ ...document, run: accepted, job, files: saved }, () =>
    jobLines(context.output, job, {
      after: performance.now() - startedAt,
      results: saved.map((file) => [file.name, `${nearPath(context.cwd, file.path)} (${file.size_bytes} bytes)`]),
    }),
  );
  return job.state === "completed" ? exitCodes.done : exitCodes.failed;
}

/** Tells what `invoke` takes for an app, from its contract. */
export async function help(context: Context, appId: string, usage: string): Promise<ExitCode> {
  const client = await openClient(context, appId);
  context.output.text(`${usage}\n${invokeHelp(appId, await contractOf(context, appId, client))}\n`);
  return exitCodes.done;
}

async function contractOf(context: Context, appId: string, client: Client): Promise<WorkflowContract> {
  const contract = parseDocument(workflowContractSchema, await client.contract(), `GET ${client.url}/contract`);
  rememberContract(context, appId, contract);
  return contract;
}

function fileProblem({ input, path }: Upload): Problem[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  const problem = (message: string) => [{ path: `--input-${input}-file`, message: `is ${path}; ${message}` }];
  if (stats === undefined) return problem("there is no such file");
  if (!stats.isFile()) return problem("that is not a file");
  return stats.size === 0 ? problem("that file is empty") : [];
}

async function uploadAll({ output }: Context, client: Client, uploads: readonly Upload[]): Promise<InputValues> {
  const ids: InputValues = {};
  for (const { input, path, mediaType } of uploads) {
    output.note(`uploading ${path}`);
    ids[input] = (await client.upload(path, { mediaType })).file_id;
  }
  return ids;
}
