import { setTimeout as sleep } from "node:timers/promises";
import { type Log, messageOf } from "../log.ts";
import type { ComfyClient } from "./client.ts";
import type { ComfyServer } from "./server.ts";
import { createStateCell } from "./state-cell.ts";

export interface AttachedComfyOptions {
  /** What ComfyUI's address is called in messages. */
  url: string;
  client: Pick<ComfyClient, "trouble" | "find">;
  log: Log;
  /** How often ComfyUI is asked whether it is up. */
  probeMs?: number;
}

/** A ComfyUI that somebody else keeps: it is waited for, and neither started, restarted nor ended. */
export function createAttachedComfy({ url, client, log, probeMs = 500 }: AttachedComfyOptions): ComfyServer {
  const stopping = new AbortController();
  const cell = createStateCell();
  /** Prompt that goes on although it was told to stop. */
  let stuck: string | undefined;
  /** What was told last; undefined for a ComfyUI that is up. */
  let told: string | undefined = "";
  let looking: Promise<void> = Promise.resolve();

  const goesOn = (promptId: string): string =>
    `ComfyUI at ${url} goes on with prompt ${promptId}, which it was told to stop`;

  /** Why no job can be given to ComfyUI now; undefined when one can. */
  const trouble = async (): Promise<string | undefined> => {
    const reason = await client.trouble();
    if (reason !== undefined) return `waiting for ComfyUI at ${url}: ${reason}`;
    if (stuck === undefined) return undefined;
    try {
      if ((await client.find(stuck)).kind !== "active") stuck = undefined;
    } catch (error) {
      return `ComfyUI at ${url} cannot tell what it runs: ${messageOf(error)}`;
    }
    return stuck && goesOn(stuck);
  };

  const tell = (reason: string | undefined): void => {
    if (reason === told) return;
    told = reason;
    if (reason === undefined) log.info("comfyui is up", { url });
    else log.warn("comfyui cannot be used", { reason });
    cell.become(reason === undefined ? { kind: "up" } : { kind: "starting", detail: reason });
  };

  const look = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      tell(await trouble());
      await sleep(probeMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };

  return {
    start: () => {
      looking = look();
    },
    state: cell.state,
    whenUp: cell.whenUp,
    // It is waited for as long as it takes, whatever it was.
    accept: () => undefined,
    replace: () => undefined,
    free: (promptId) => {
      stuck = promptId;
      // Not at the next look: until then another job would be sent behind this one.
      tell(goesOn(promptId));
      return false;
    },
    stop: async () => {
      stopping.abort();
      await looking;
    },
  };
}
