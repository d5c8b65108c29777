import type { RunPodApi } from "../api/api.ts";
import { isRefusal } from "../api/errors.ts";
import { reasonOf } from "../engine/hook-values.ts";

export interface PodWatchOptions {
  api: Pick<RunPodApi, "findPod">;
  podId: string;
  /** How long the gateway must have been silent before RunPod is asked, and asked again, in milliseconds. */
  everyMs: number;
  now: () => number;
  warn: (line: string) => void;
}

/** The pod cannot come up any more by itself. */
export interface PodLoss {
  kind: "stopped" | "gone";
  reason: string;
}

/**
 * Finds out whether a pod whose gateway is silent is still there: a spot pod may be outbid, a host may die. RunPod may
 * take long to answer or stumble, so nobody waits for it, and only what it is sure of counts.
 */
export function createPodWatch({ api, podId, everyMs, now, warn }: PodWatchOptions) {
  let quietSince = now();
  let asking = false;
  let warned = false;
  let loss: PodLoss | undefined;

  const ask = async (): Promise<void> => {
    try {
      const pod = await api.findPod(podId);
      if (pod === undefined || pod.desiredStatus === "TERMINATED") {
        const why = pod === undefined || pod.statusDetail === "" ? "" : ` (${pod.statusDetail})`;
        loss = { kind: "gone", reason: `pod ${podId} disappeared while its endpoint was starting${why}` };
      } else if (pod.desiredStatus === "EXITED") {
        loss = {
          kind: "stopped",
          reason: `pod ${podId} stopped while its endpoint was starting (${pod.statusDetail || "RunPod does not say why"})`,
        };
      }
    } catch (error) {
      if (!warned && !isRefusal(error, "transient")) warn(`cannot see whether pod ${podId} runs: ${reasonOf(error)}`);
      warned ||= !isRefusal(error, "transient");
    }
  };

  return {
    /** The gateway answered. */
    heard(): void {
      quietSince = now();
    },
    /** It did not. Answers what has become known by now. */
    silent(): PodLoss | undefined {
      if (!asking && now() - quietSince >= everyMs) {
        asking = true;
        quietSince = now();
        void ask().finally(() => {
          asking = false;
        });
      }
      return loss;
    },
  };
}
