import type { Context } from "../../context.ts";
import { addressOf, endpointState, openClient, openStarted } from "../../endpoint.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { openRunPod } from "../../runpod.ts";

export interface LogsOptions {
  /** How many lines, the latest ones. */
  tail: number;
}

/** Shows the latest lines of an endpoint's log: the gateway's own, and while it does not answer, those of its container. */
export async function run(context: Context, appId: string, { tail }: LogsOptions): Promise<ExitCode> {
  const deployed = addressOf(context, appId) === undefined ? await openStarted(context, appId) : undefined;
  const outputs = deployed?.outputs;
  const client = deployed?.client ?? (await openClient(context, appId));
  const { state, answered, detail } = await endpointState(client);
  const source = answered || outputs === undefined ? "gateway" : "container";
  const lines =
    source === "gateway" || outputs === undefined
      ? (await client.logs(tail)).split("\n").filter((line) => line !== "")
      : await containerLog(context, appId, outputs.podId, tail);
  const document = {
    ...{ app_id: appId, deployment_id: outputs?.podId ?? null, state, endpoint_url: client.url },
    ...{ status_detail: detail, source, pod_logs_tail: lines.join("\n") },
  };
  context.output.result(document, () => [
    ...lines.map(source === "gateway" ? readable : (line) => line),
    ...(state === "READY" ? [] : [`(${state}: ${detail}; these lines are the ${source}'s)`]),
  ]);
  return exitCodes.done;
}

async function containerLog(context: Context, appId: string, podId: string, tail: number): Promise<string[]> {
  const lines = await (await openRunPod(context, appId)).podLogs(podId, tail);
  return lines.map(({ time, source, text }) => `${time} ${source} ${text}`);
}

/** A line of the gateway's, which is JSON, as people read it. */
function readable(line: string): string {
  try {
    const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
    const more = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    return [time, level, msg, ...more].join(" ");
  } catch {
    return line;
  }
}
