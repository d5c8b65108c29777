import { EventEmitter, once } from "node:events";
import { ComfyGivenUp, type ComfyServer, type ComfyState } from "./server.ts";

/** A state that changes, and can be waited for. */
export interface StateCell extends Pick<ComfyServer, "state" | "whenUp"> {
  become(next: ComfyState): void;
}

export function createStateCell(): StateCell {
  let state: ComfyState = { kind: "starting" };
  const changes = new EventEmitter();
  return {
    state: () => state,
    become: (next) => {
      state = next;
      changes.emit("change");
    },
    whenUp: async (abort) => {
      while (state.kind === "starting" && !abort.aborted) {
        await once(changes, "change", { signal: abort }).catch(() => undefined);
      }
      if (state.kind === "failed") throw new ComfyGivenUp(state.reason);
    },
  };
}
