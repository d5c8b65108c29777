/** The endpoint's API with a key. Addresses are relative: the endpoint may lie below a path of a proxy. */

/** @import { ErrorBody, FileObject } from "../../../../contract/api.ts" */
/** @import { Problem } from "../form/fields.js" */

/** An answer above 399, or none at all (status 0). */
export class ApiError extends Error {
  /** @param {number} status @param {Partial<ErrorBody>} body @param {string | null} retryAfter seconds */
  constructor(status, body, retryAfter = null) {
    super(messageOf(status, body, retryAfter));
    this.status = status;
    /** @type {readonly Problem[]} */
    this.problems = body.problems ?? [];
  }
}

/** @param {number} status @param {Partial<ErrorBody>} body @param {string | null} retryAfter */
function messageOf(status, { error, detail, stage, reason, remedy }, retryAfter) {
  if (status === 0) return "The endpoint does not answer.";
  if (status === 401) return "This key is not known here.";
  const what =
    reason === undefined ? (detail ?? texts[error ?? ""] ?? error ?? `HTTP ${status}`) : `${stage}: ${reason}`;
  const later = status === 429 && retryAfter !== null ? `; try again in ${retryAfter} s` : "";
  return `${what}${later}${remedy === undefined ? "" : ` (${remedy})`}`;
}

/** @type {Record<string, string>} */
const texts = {
  payload_too_large: "This is larger than the endpoint takes.",
  queue_full: "The queue is full",
  rate_limited: "Too many requests with this key",
  job_not_found: "There is no such job: it may be too old.",
  file_not_found: "There is no such file: it may be too old.",
};

/** @typedef {ReturnType<typeof createApi>} Api */

/** @param {string} key */
export function createApi(key) {
  /**
   * @param {string} path below the endpoint
   * @param {RequestInit} init
   * @returns {Promise<Response>}
   * @throws {ApiError}
   */
  const ask = async (path, init = {}) => {
    const request = { ...init, headers: { ...init.headers, "x-api-key": key } };
    const response = await fetch(path, request).catch((error) => {
      if (init.signal?.aborted === true) throw error;
      throw new ApiError(0, {});
    });
    if (response.ok) return response;
    throw new ApiError(response.status, errorBody(await response.text()), response.headers.get("retry-after"));
  };

  return {
    ask,
    /** @param {string} path @param {RequestInit} init @returns {Promise<any>} @throws {ApiError} */
    json: async (path, init = {}) => {
      const headers = { ...init.headers, accept: "application/json" };
      return (await ask(path, { ...init, headers })).json();
    },
    /** Whether the same request may go through later. @param {unknown} error */
    isPassing: (error) =>
      error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500),
    /**
     * Uploads as a stream with progress, which `fetch` does not tell.
     * @param {File} file
     * @param {(share: number) => void} progress 0 to 1
     * @param {AbortSignal} signal
     * @returns {Promise<FileObject>}
     */
    upload: (file, progress, signal) =>
      new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open("POST", "files");
        request.setRequestHeader("x-api-key", key);
        const form = new FormData();
        form.append("file", file);
        request.upload.onprogress = ({ loaded, total }) => progress(total === 0 ? 1 : loaded / total);
        request.onload = () => {
          if (request.status === 201) resolve(JSON.parse(request.responseText));
          else reject(new ApiError(request.status, errorBody(request.responseText)));
        };
        request.onerror = () => reject(new ApiError(0, {}));
        request.onabort = () => reject(signal.reason);
        signal.addEventListener("abort", () => request.abort());
        request.send(form);
      }),
  };
}

/** @param {string} text @returns {Partial<ErrorBody>} */
function errorBody(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** Address of the endpoint, without a slash at its end. */
export const baseUrl = () => new URL(".", location.href).href.replace(/\/$/, "");

// Tabs forget it when they close, and other endpoints on this host have their own.
const place = () => `comfy-endpoints ${new URL(".", location.href).pathname}`;

/** The key, while this tab lives. */
export const keptKey = {
  get: () => sessionStorage.getItem(place()),
  /** @param {string} key */
  set: (key) => sessionStorage.setItem(place(), key),
  forget: () => sessionStorage.removeItem(place()),
};
