import { setTimeout as sleep } from "node:timers/promises";
import { type Health, health } from "../../contract/api.ts";
import { UserError } from "../../contract/errors.ts";
import { isUnknown, outputs } from "./hook-values.ts";

interface ReadyInputs {
  endpointUrl: string;
  /** Of the pod: a container that was started anew must become ready anew. */
  revision: string;
  timeoutSeconds: number;
}

export async function create(inputs: object) {
  const { endpointUrl, timeoutSeconds } = inputs as ReadyInputs;
  await waitUntilReady(endpointUrl, timeoutSeconds);
  return { id: "endpoint-ready", outs: outputs(inputs) };
}

export async function update(news: object) {
  return { outs: (await create(news)).outs };
}

/** Asks the endpoint once: one that does not answer is waited for again. */
export async function diff(olds: object, news: object) {
  if (isUnknown(news)) return { changes: true };
  const before = olds as ReadyInputs;
  const after = news as ReadyInputs;
  const changed = before.endpointUrl !== after.endpointUrl || before.revision !== after.revision;
  return { changes: changed || (await askHealth(after.endpointUrl))?.status !== "ok" };
}

/** Watches the boot from its first second and prints each phase. */
async function waitUntilReady(endpointUrl: string, timeoutSeconds: number): Promise<void> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  let last: Health | undefined;
  let shown = "";
  // Quick at first, for a warm pod is ready in seconds; gentle later, for models take minutes.
  for (let delay = 200; Date.now() < deadline; delay = Math.min(delay * 1.2, 2000)) {
    last = (await askHealth(endpointUrl)) ?? last;
    if (last?.status === "ok") return;
    if (last?.status === "failed") {
      throw new UserError(`the endpoint's boot failed at ${last.phase}: ${last.detail ?? "it does not say why"}`);
    }
    const line = progressLine(last);
    if (line !== shown) console.log(line);
    shown = line;
    await sleep(delay);
  }
  throw new UserError(
    `${endpointUrl} was not ready after ${timeoutSeconds} s (${progressLine(last)}); raise readyTimeoutSeconds, or look at the pod's log`,
  );
}

function progressLine(state: Health | undefined): string {
  if (state === undefined) return "waiting for the gateway to answer";
  const share = state.progress === undefined ? "" : ` ${Math.floor(state.progress * 100)} %`;
  return `${state.phase}${state.detail === undefined ? "" : `: ${state.detail}`}${share}`;
}

/** undefined while nothing, or something else than a gateway, answers: RunPod's proxy says 502 until the port listens. */
async function askHealth(endpointUrl: string): Promise<Health | undefined> {
  try {
    const answer = await fetch(`${endpointUrl}/healthz`, { signal: AbortSignal.timeout(5000) });
    return health.safeParse(await answer.json()).data;
  } catch {
    return undefined;
  }
}
