import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { FileObject, Job } from "../../contract/api.ts";
import { StackProblem } from "./stack.ts";

/**
 * Uses an endpoint of the demo app as a caller does.
 * @throws {StackProblem} naming the request that was not answered as it should be
 */
export async function checkEndpoint(url: string, apiKey: string, abort: AbortSignal): Promise<void> {
  const call = async (
    request: string,
    expected: readonly number[],
    { key = apiKey, body }: { key?: string; body?: string | Buffer } = {},
  ): Promise<Response> => {
    const [method = "", path = ""] = request.split(" ");
    const init = { method, headers: { "x-api-key": key }, signal: abort, ...(body !== undefined && { body }) };
    const response = await fetch(url + path, init).catch((error: unknown) => {
      throw new StackProblem(`${request} was not answered: ${String(error)}`, { cause: error });
    });
    if (!expected.includes(response.status)) {
      throw new StackProblem(`${request} was answered ${response.status}: ${(await response.text()).slice(0, 1000)}`);
    }
    console.log(`  ${String(response.status)} ${request}`);
    return response;
  };
  const run = async (prompt: string, query = ""): Promise<Job> =>
    (await (await call(`POST /run${query}`, [200, 202], { body: JSON.stringify({ prompt }) })).json()) as Job;

  await healthy(url, abort);
  await call("GET /healthz", [200]);
  await call("POST /run", [401], { key: "", body: "{}" });
  await call("POST /prompt", [404]);
  await call("GET /contract", [200]);

  const job = await run("hello", "?wait=30");
  const id = job.output?.result["image"];
  if (typeof id !== "string") throw new StackProblem(`the job made no image: ${JSON.stringify(job)}`);
  const picture = Buffer.from(await (await call(`GET /files/${id}/download`, [200])).arrayBuffer());
  if (picture.subarray(1, 4).toString() !== "PNG") throw new StackProblem("what the job made is no PNG");

  // It may have ended by then.
  await call(`POST /jobs/${(await run("not wanted any more")).job_id}/cancel`, [200, 202]);

  const bytes = randomBytes(3 * 1024 ** 2);
  const file = (await (await call("POST /files", [201], { body: bytes })).json()) as FileObject;
  const back = Buffer.from(await (await call(`GET ${file.download_path}`, [200])).arrayBuffer());
  if (!back.equals(bytes)) throw new StackProblem("a file did not come back as it went up");
}

async function healthy(url: string, abort: AbortSignal): Promise<void> {
  const deadline = Date.now() + 60_000;
  let last = "";
  while (Date.now() < deadline && !abort.aborted) {
    try {
      const response = await fetch(`${url}/healthz`, { signal: abort });
      if (response.ok) return;
      last = await response.text();
    } catch (error) {
      last = String(error);
    }
    await sleep(200);
  }
  if (abort.aborted) throw abort.reason instanceof StackProblem ? abort.reason : new StackProblem("interrupted");
  throw new StackProblem(`GET /healthz: not ready within a minute: ${last}`);
}
