import type { OperationMoment, OperationWatch } from "../../local/operations.ts";
import type { StartedRunPod } from "../support/local-runpod.ts";
import type { StartedRun } from "../support/stack.ts";
import { until } from "../support/until.ts";
import type { Cell, FaultName } from "./matrix.ts";
import { numberOperations, operationLabel } from "./operations.ts";
import { descendantsOf } from "./processes.ts";

export interface Strike {
  /** To be asked of every operation of the local RunPod. */
  watch: OperationWatch;
  /** From now on the operation is waited for. */
  arm: (runpod: StartedRunPod, run: StartedRun) => void;
  /** The run is over: what RunPod suffered from is over too. */
  disarm: () => void;
  /** Lets an effect happen that was held back. */
  release: () => void;
  /** The operation came, and the fault happened. */
  hasHappened: () => boolean;
  /** What a killed engine left running. */
  left: number[];
}

const always = 1_000_000;

type Act = (runpod: StartedRunPod, run: StartedRun) => Promise<void> | void;

/** Lets a cell's fault happen to its operation, once. */
export function createStrike({ operation, fault }: Cell): Strike {
  const left: number[] = [];
  const released = Promise.withResolvers<undefined>();
  let armed: { runpod: StartedRunPod; run: StartedRun; number: ReturnType<typeof numberOperations> } | undefined;
  let happened = false;
  let target: Pick<OperationMoment, "name" | "podId"> | undefined;

  const end = async (run: StartedRun, signal: NodeJS.Signals): Promise<void> => {
    left.push(...(await descendantsOf(run.pid)));
    run.kill(signal);
    await run.ended;
  };
  const interrupt = async (run: StartedRun): Promise<void> => {
    run.kill("SIGINT");
    await until("the engine heard it", () => /cancelling|update canceled/.test(run.output()));
  };
  const interruptTwice: Act = async (_, run) => {
    await interrupt(run);
    await end(run, "SIGINT");
  };
  const killAndHold: Act = async (_, run) => {
    await end(run, "SIGKILL");
    await released.promise;
  };
  const inject =
    (...faults: Parameters<StartedRunPod["faults"]["add"]>[0][]): Act =>
    ({ faults: pending }) => {
      for (const one of faults) pending.add(one);
    };
  const onTarget = { operation: operation.name };
  const listsLag = { operation: "myself", kind: "list-lag", times: always } as const;

  const acts: Record<FaultName, { arrived?: Act; done?: Act }> = {
    http500: { arrived: inject({ ...onTarget, kind: "http500" }) },
    http429: { arrived: inject({ ...onTarget, kind: "http429" }) },
    timeout: { arrived: inject({ ...onTarget, kind: "timeout" }) },
    "reset-before": { arrived: inject({ ...onTarget, kind: "reset-before" }) },
    "reset-after": { arrived: inject({ ...onTarget, kind: "reset-after" }) },
    "list-lag": { arrived: inject(listsLag) },
    "reset-after, lists lag": { arrived: inject({ ...onTarget, kind: "reset-after" }, listsLag) },
    "outage from here": { arrived: inject({ operation: "*", kind: "http500", times: always }) },
    SIGINT: { arrived: (_, run) => interrupt(run) },
    "SIGINT twice, before": { arrived: interruptTwice },
    "SIGINT twice, after": { done: interruptTwice },
    "SIGKILL, before": { arrived: (_, run) => end(run, "SIGKILL") },
    "SIGKILL, after": { done: (_, run) => end(run, "SIGKILL") },
    "SIGKILL, effect late": { arrived: killAndHold },
    "SIGKILL, answer late": { done: killAndHold },
    "SIGKILL, effect late, no answer": {
      arrived: async (runpod, run) => {
        await killAndHold(runpod, run);
        runpod.faults.add({ ...onTarget, kind: "reset-after" });
      },
    },
  };

  return {
    watch: async (moment) => {
      if (armed === undefined) return;
      const { runpod, run, number } = armed;
      if (moment.moment === "done") {
        if (target === undefined || moment.name !== target.name || moment.podId !== target.podId) return;
        target = undefined;
        await acts[fault].done?.(runpod, run);
        return;
      }
      if (operationLabel(number(moment)) !== operationLabel(operation) || happened) return;
      happened = true;
      target = { name: moment.name, podId: moment.podId };
      await acts[fault].arrived?.(runpod, run);
    },
    arm: (runpod, run) => {
      armed = { runpod, run, number: numberOperations(operation.phase) };
    },
    disarm: () => {
      armed?.runpod.faults.clear();
      armed = undefined;
    },
    release: () => released.resolve(undefined),
    hasHappened: () => happened,
    left,
  };
}
