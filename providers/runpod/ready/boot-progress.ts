import { bootPhases, type Health } from "../../../contract/api.ts";

export interface BootProgressOptions {
  /** How long a boot may come no further, in milliseconds. */
  timeoutMs: number;
  /** How long a first answer must stand that may still be the former container's, in milliseconds. */
  standsMs: number;
  /** The container was started anew just now, where another one had been ready. */
  restarted: boolean;
  /** Milliseconds; only differences count. */
  now: () => number;
}

/** `ready` and `failed` are the gateway's word; `stuck`: it has come no further for too long. */
export type Verdict = "wait" | "ready" | "failed" | "stuck";

/** A thousandth: a download that trickles by the byte is not coming further. */
const leastStep = 0.001;

/** Of one phase; a gateway that always has something new to say must not be waited for without end. */
const mostDetails = 50;

/**
 * Decides how long a boot is waited for: as long as it comes further, and then for `timeoutMs`.
 *
 * Coming further is a one-way street, so that a boot that goes round in circles runs out of time:
 * - the first answer of all;
 * - a phase later (in the order of the contract) than every phase before;
 * - in the latest phase reached, a share done that is larger than every share before by a thousandth or more;
 * - in the latest phase reached, a detail that it has not shown before, 50 times at most. "ComfyUI is started again: …"
 *   counts when it comes up first; the second time it says nothing new.
 *
 * What an earlier phase says again, a share that starts from zero again, silence and new answers after it: none of that
 * counts. Restarting is no step, coming further than before the restart is.
 *
 * Right after a container was replaced, the former one may be the first to answer. A failed boot that is the first
 * thing seen is believed once it has stood for `standsMs`; so is readiness, but only after a restart in place.
 */
export function createBootProgress({ timeoutMs, standsMs, restarted, now }: BootProgressOptions) {
  const startedAt = now();
  let furtherAt = startedAt;
  let latest = -1;
  let share = 0;
  let details = new Set<string>();
  let first: Health["status"] | "silent" | undefined;
  let firstStands = true;

  const comesFurther = ({ phase, detail, progress = 0 }: Health): boolean => {
    const place = bootPhases.indexOf(phase);
    const done = Math.min(progress, 1);
    if (place < latest) return false;
    if (place > latest) {
      latest = place;
      share = done;
      details = new Set(detail === undefined ? [] : [detail]);
      return true;
    }
    const isMore = done >= share + leastStep;
    if (isMore) share = done;
    const isNew = detail !== undefined && !details.has(detail) && details.size < mostDetails;
    if (isNew) details.add(detail);
    return isMore || isNew;
  };

  const mayBeFormer = (status: Health["status"]): boolean =>
    firstStands && (status === "failed" || restarted) && now() - startedAt < standsMs;

  return {
    /** Takes what a look at `/healthz` found; undefined when no gateway answered. */
    look(health: Health | undefined): Verdict {
      const status = health?.status ?? "silent";
      first ??= status;
      firstStands &&= status === first;
      // A drain ends again, or with its pod.
      const isFinal = status === "ok" || status === "failed";
      if (isFinal && !mayBeFormer(status)) {
        return status === "ok" ? "ready" : "failed";
      }
      if (health !== undefined && comesFurther(health)) furtherAt = now();
      return now() - furtherAt >= timeoutMs ? "stuck" : "wait";
    },
  };
}
