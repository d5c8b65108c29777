import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import { isTerminal, type Job, routePath, routes } from "../../contract/api.ts";
import { UserError } from "../../contract/errors.ts";

export interface Picture {
  path: string;
  bytes: number;
  /** From the request to the finished job. */
  milliseconds: number;
}

/** Runs the endpoint over plain HTTP, as any caller would, and saves the picture it returns. */
export async function requestPicture(
  endpointUrl: string,
  apiKey: string,
  prompt: string,
  folder: string,
  signal: AbortSignal,
): Promise<Picture> {
  const call = async (
    path: string,
    init: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ): Promise<Response> => {
    const answer = await fetch(`${endpointUrl}${path}`, {
      ...init,
      headers: { "x-api-key": apiKey, ...init.headers },
      signal,
    });
    if (!answer.ok) throw new UserError(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  const json = async <T>(schema: z.ZodType<T>, answer: Response): Promise<T> => schema.parse(await answer.json());

  const started = performance.now();
  const accepted = await json(
    routes.run.responses[202],
    await call(routePath("run"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ prompt }),
    }),
  );
  let job: Job;
  do {
    await sleep(100, undefined, { signal });
    job = await json(routes.job.responses[200], await call(routePath("job", { id: accepted.job_id })));
  } while (!isTerminal(job.state));
  const milliseconds = Math.round(performance.now() - started);
  if (job.output === null)
    throw new UserError(`job ${job.job_id} ended ${job.state}: ${job.error ?? "without a reason"}`);

  const fileId = String(job.output.result["image"]);
  const download = await call(routePath("downloadFile", { id: fileId }));
  const bytes = Buffer.from(await download.arrayBuffer());
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${job.job_id}.png`);
  writeFileSync(path, bytes);
  return { path, bytes: bytes.length, milliseconds };
}
