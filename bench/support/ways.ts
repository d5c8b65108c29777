import { eventsOf } from "../../cli/http/event-stream.ts";
import type { Job } from "../../contract/api.ts";
import type { StateEvent } from "../../contract/job-events.ts";
import { type Client, jsonOf } from "./client.ts";

export interface Inputs {
  color: number;
  seconds: number;
  steps: number;
}

/** From the request to the bytes of the picture. */
export type Way = (inputs: Inputs) => Promise<Buffer>;

/** The ways in which a caller of the gateway may wait, and get a picture in the answer or after it. */
export function gatewayWays({
  ask,
  open,
}: Client): Record<"?wait" | "long poll" | "SSE" | "?wait for bytes" | "long poll for bytes", Way> {
  const download = ({ output }: Job): Promise<Buffer> => ask(`/files/${String(output?.result["image"])}/download`);
  const queue = async (inputs: Inputs): Promise<string> => (jsonOf(await ask("/run", inputs)) as Job).job_id;
  return {
    "?wait for bytes": (inputs) => ask("/run?wait=60", inputs, picture),
    "long poll for bytes": async (inputs) => ask(`/jobs/${await queue(inputs)}?wait=60`, undefined, picture),
    "?wait": async (inputs) => download(jsonOf(await ask("/run?wait=60", inputs)) as Job),
    "long poll": async (inputs) => download(jsonOf(await ask(`/jobs/${await queue(inputs)}?wait=60`)) as Job),
    SSE: async (inputs) => {
      let ended: Job | undefined;
      // To its end, which comes with the job's: the connection serves the download then.
      for await (const { type, data } of eventsOf(await open(`/jobs/${await queue(inputs)}/events`))) {
        if (type === "state") ended = (JSON.parse(data) as StateEvent).job;
      }
      if (ended === undefined) throw new Error("the stream ended before the job");
      return download(ended);
    },
  };
}

const picture = { accept: "image/png" };
