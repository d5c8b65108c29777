/** Asks for the key, once in a tab. */

import { ApiError, createApi, keptKey } from "./api.js";
import { byId } from "./dom.js";

/** @import { Api } from "./api.js" */

/**
 * Shows what is behind the door once a key opens it.
 * @param {(api: Api) => Promise<void>} enter makes that; throws when the key, or the endpoint, is not good for it
 */
export function createDoor(enter) {
  const door = byId("door", HTMLFormElement);
  const input = byId("key", HTMLInputElement);
  const refused = byId("refused", HTMLElement);
  const inside = byId("inside", HTMLElement);
  const waiting = byId("waiting", HTMLElement);
  const forget = byId("forget", HTMLButtonElement);

  let isOpening = false;

  /** @param {string} key */
  const open = async (key) => {
    if (isOpening) return;
    isOpening = true;
    refused.textContent = waiting.textContent = "";
    try {
      await enter(createApi(key));
      inside.hidden = false;
    } catch (error) {
      const message = error instanceof Error ? error.message : "";
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
        keptKey.forget();
        refused.textContent = message;
        ask();
        return;
      }
      // It may be good once the endpoint is, which tells itself how far that is.
      waiting.textContent = error instanceof ApiError && error.status === 503 ? "" : message;
    } finally {
      isOpening = false;
    }
    keptKey.set(key);
    door.hidden = true;
    forget.hidden = false;
  };
  const ask = () => {
    door.hidden = false;
    input.focus();
  };

  door.addEventListener("submit", (event) => {
    event.preventDefault();
    const key = input.value.trim();
    input.value = "";
    void open(key);
  });
  forget.addEventListener("click", () => {
    keptKey.forget();
    location.reload();
  });
  return {
    /** Tries the key that this tab has, unless it is inside already. */
    knock: () => {
      const key = keptKey.get();
      if (key === null) ask();
      else if (inside.hidden) void open(key);
    },
  };
}
