import { statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { documentError, type Problem } from "../../contract/errors.ts";
import type { InputValues } from "../../contract/input-values.ts";
import { parseDocument } from "../../contract/parse.ts";
import { type WorkflowContract, workflowContractSchema } from "../../contract/workflow-contract.ts";
import type { Client } from "../client.ts";
import type { Context } from "../context.ts";
import { openClient } from "../endpoint.ts";
import { UsageError } from "../errors.ts";
import type { ExitCode } from "../exit-code.ts";
import { readInputFlags, type Upload } from "../invoke/flags.ts";
import { invokeHelp } from "../invoke/help.ts";
import { saveResults } from "../invoke/results.ts";
import { waitForJob } from "../invoke/wait.ts";
import { jobLines } from "../job-lines.ts";

export interface InvokeOptions {
  inputJson?: InputValues;
  wait?: true;
  timeoutSeconds?: number;
  pollSeconds: number;
  output?: string;
}

/** Runs a deployed app's workflow once; with `wait`, follows it to its end. */
export async function run(context: Context, appId: string, words: string[], options: InvokeOptions): Promise<ExitCode> {
  if (options.output !== undefined && options.wait !== true) {
    throw new UsageError("--output DIR saves what a finished job made; add --wait");
  }
  const client = await openClient(context, appId);
  const contract = await contractOf(client);
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
    return 0;
  }

  context.output.note(`job ${accepted.job_id}`);
  const job = await waitForJob(client, accepted.job_id, {
    pollSeconds: options.pollSeconds,
    timeoutSeconds: options.timeoutSeconds,
    interrupted: context.interrupted,
    onGivingUp: "cancel",
    onChange: (news) => context.output.note(`  ${news}`),
  });
  const folder = options.output;
  const saved =
    folder === undefined ? undefined : await saveResults(client, contract.outputs, job, resolve(context.cwd, folder));
  context.output.result({ ...document, run: accepted, job, ...(saved && { files: saved }) }, () =>
    jobLines(context.output, job, {
      after: performance.now() - startedAt,
      results: (saved ?? []).map((file) => [
        file.name,
        `${nearPath(context.cwd, file.path)} (${file.size_bytes} bytes)`,
      ]),
    }),
  );
  return job.state === "completed" ? 0 : 1;
}

/** What `invoke` takes for an app, told from its contract. */
export async function help(context: Context, appId: string): Promise<string> {
  const client = await openClient(context, appId);
  return invokeHelp(appId, await contractOf(client));
}

const contractOf = async (client: Client): Promise<WorkflowContract> =>
  parseDocument(workflowContractSchema, await client.contract(), `GET ${client.url}/contract`);

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

function nearPath(cwd: string, path: string): string {
  const near = relative(cwd, path);
  return near.startsWith("..") ? path : near;
}
