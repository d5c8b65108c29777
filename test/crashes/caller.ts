import { setTimeout as sleep } from "node:timers/promises";
import { isTerminal, type Job } from "../../contract/api.ts";
import { toPng } from "../../local/comfyui/nodes/picture.ts";
import { drawCard } from "../../local/comfyui/nodes/prompt-card.ts";
import type { PlannedJob } from "./plan.ts";
import { card, type Stage } from "./stage.ts";

/** What a caller saw of one job. */
export interface SeenJob extends PlannedJob {
  id: string;
  /** As it was when it had ended. */
  job: Pick<Job, "state" | "error" | "finished_at">;
  /** How often a connection was refused or broke off. */
  cuts: number;
  /** The request was accepted, but its answer lost: it was sent again. */
  isReplay: boolean;
  /** Whether its picture is the one of its prompt; undefined for a job that made none. */
  isPictureRight: boolean | undefined;
}

interface Answer {
  response: Response;
  bytes: Buffer;
}

const pauseMs = 20;

/**
 * Takes one job through the endpoint, and never gives up on connections.
 * @param asksToRun called whenever the request that queues the job goes out
 * @throws for an answer that is wrong
 */
export async function callThrough(
  { url, apiKey }: Pick<Stage, "url" | "apiKey">,
  planned: PlannedJob,
  asksToRun: () => void,
  signal: AbortSignal,
): Promise<SeenJob> {
  let cuts = 0;
  /** Asks until there is a whole answer, and one that is no "later". */
  const ask = async (path: string, run?: { body: string; headers: Record<string, string> }): Promise<Answer> => {
    const init = run === undefined ? {} : { method: "POST", body: run.body };
    const headers = { "x-api-key": apiKey, ...run?.headers };
    for (;;) {
      try {
        const sent = fetch(`${url}${path}`, { ...init, headers, signal });
        if (run !== undefined) asksToRun();
        const response = await sent;
        const bytes = Buffer.from(await response.arrayBuffer());
        if (response.ok) return { response, bytes };
        if (response.status !== 503 && response.status !== 429) {
          throw new Error(`${planned.prompt}: ${path} answered ${response.status} ${bytes.toString()}`);
        }
      } catch (error) {
        // What fetch calls a connection that was refused or broke off.
        if (!(error instanceof TypeError)) throw error;
        cuts += 1;
      }
      await sleep(pauseMs, undefined, { signal });
    }
  };
  const json = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

  const { response, bytes } = await ask("/run", {
    body: JSON.stringify(planned),
    headers: { "idempotency-key": planned.prompt },
  });
  const { job_id: id } = json(bytes) as { job_id: string };
  let job: Job;
  do job = json((await ask(`/jobs/${id}?wait=30`)).bytes) as Job;
  while (!isTerminal(job.state));

  const file = job.output?.result["image"];
  const picture = typeof file === "string" ? (await ask(`/files/${file}/download`)).bytes : undefined;
  return {
    ...planned,
    id,
    job,
    cuts,
    isReplay: response.headers.get("idempotent-replayed") === "true",
    isPictureRight: picture?.equals(toPng(drawCard(planned.prompt, card.width, card.height))),
  };
}
