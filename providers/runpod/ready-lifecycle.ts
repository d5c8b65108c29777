import { UserError } from "../../contract/errors.ts";
import type { RunPodApi } from "./api/api.ts";
import { connect } from "./api/connection.ts";
import { engineGone, exitAfterEngine, runCanceled } from "./engine/engine-alive.ts";
import { isUnknown, outputs } from "./engine/hook-values.ts";
import { lookAtHealth } from "./ready/health.ts";
import { type OnFailed, onFailedActions, settleFailedPod } from "./ready/on-failed.ts";
import { usualPaces, type WaitWorld, waitUntilReady } from "./ready/wait.ts";

interface ReadyInputs {
  endpointUrl: string;
  podId: string;
  /** Of the pod: a container that was started anew must become ready anew. */
  revision: string;
  costPerHour: number;
  readyTimeoutSeconds: number;
  onFailed: OnFailed;
  /** Begins what is printed: a program may hold several endpoints. */
  resourceName: string;
}

type Properties = Record<string, unknown>;

const defaults = { readyTimeoutSeconds: 900, onFailed: "stop" } as const;

/** Runs at preview too, where not every value is known. The engine names property and value beside a reason. */
export function check(news: Properties) {
  const inputs: Properties = { ...defaults, ...news };
  const { readyTimeoutSeconds, onFailed } = inputs;
  const failures: { property: string; reason: string }[] = [];
  if (!isUnknown(readyTimeoutSeconds) && !(typeof readyTimeoutSeconds === "number" && readyTimeoutSeconds > 0)) {
    failures.push({ property: "readyTimeoutSeconds", reason: "give seconds above 0" });
  }
  if (!isUnknown(onFailed) && !onFailedActions.some((action) => action === onFailed)) {
    failures.push({ property: "onFailed", reason: `give one of ${onFailedActions.join(", ")}` });
  }
  return Promise.resolve({ inputs, failures });
}

/**
 * Asks the endpoint once: one that does not answer is waited for again. How long and what then are settings for the next
 * wait; to change them is no reason for one.
 */
export async function diff(olds: Properties, news: Properties) {
  if (isUnknown(news)) return { changes: true };
  const isOther = ["endpointUrl", "podId", "revision"].some((name) => olds[name] !== news[name]);
  return { changes: isOther || (await lookAtHealth(String(news["endpointUrl"]))).health?.status !== "ok" };
}

// A create that fails leaves nothing in the state, and needs not: the pod is a resource of its own, and the next `up`
// creates this one again, that is, waits again.
export async function create(inputs: Properties, configKey: string | undefined) {
  const wanted = inputs as unknown as ReadyInputs;
  await becomeReady(wanted, false, worldOf(connect(configKey), wanted.resourceName));
  return { id: "endpoint-ready", outs: outputs(inputs) };
}

export async function update(olds: Properties, news: Properties, configKey: string | undefined) {
  const restarted = olds["podId"] === news["podId"] && olds["revision"] !== news["revision"];
  const wanted = news as unknown as ReadyInputs;
  await becomeReady(wanted, restarted, worldOf(connect(configKey), wanted.resourceName));
  return { outs: outputs(news) };
}

export interface ReadyWorld extends WaitWorld {
  api: Pick<RunPodApi, "findPod" | "stopPod" | "terminatePod">;
  /** Waits before RunPod is asked once more to stop the pod, in milliseconds. */
  stopPausesMs: readonly number[];
}

/**
 * Ends when the endpoint takes runs.
 * @param restarted the container was started anew just now, where another one had been ready
 * @throws {UserError} why it does not, what became of the pod, and how to go on
 */
export async function becomeReady(
  inputs: Omit<ReadyInputs, "resourceName">,
  restarted: boolean,
  world: ReadyWorld,
): Promise<void> {
  const { podId, costPerHour, onFailed } = inputs;
  const outcome = await waitUntilReady({ ...inputs, restarted }, world);
  if (outcome.kind === "ready") return;
  if (outcome.kind === "interrupted") {
    // Whoever breaks off has not said that the pod shall go.
    throw new UserError(
      `${outcome.reason} while the endpoint was starting; pod ${podId} runs on and costs ${costPerHour} USD per hour; the next pulumi up waits for it again, pulumi destroy ends it`,
    );
  }
  const isStuck = outcome.kind === "stuck";
  const is = isStuck || outcome.kind === "failed" ? "running" : outcome.kind;
  const after = await settleFailedPod(world.api, { podId, costPerHour, is }, onFailed, world.stopPausesMs);
  const remedy = isStuck ? "; look at the pod's log, or raise readyTimeoutSeconds" : "";
  throw new UserError(`${outcome.reason}${remedy}\n${after}`);
}

function worldOf(api: RunPodApi, name: string): ReadyWorld {
  return {
    api,
    log: (line) => console.log(`${name}: ${line}`),
    warn: (line) => console.warn(`${name}: ${line}`),
    interruption: async () => {
      if (runCanceled()) return "the deployment was interrupted";
      if (!(await engineGone())) return undefined;
      exitAfterEngine();
      return "the Pulumi engine ended";
    },
    now: () => performance.now(),
    paces: usualPaces,
    stopPausesMs: [1000, 3000],
  };
}
