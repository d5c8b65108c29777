import { errorCodes } from "../../contract/api.ts";
import { retryAfterMs } from "../../contract/retry-after.ts";
import { HttpProblem } from "../http.ts";
import type { CheckWebhook } from "../jobs/requests/webhook-url.ts";
import { assertPublicUrl, guardedFetch, type Reach, UrlRefused } from "../net/guarded-fetch.ts";
import { webhooksAreOff } from "./routes.ts";
import type { SenderOptions } from "./sender.ts";

/** Which addresses runs may name as their webhook. Problems do not repeat them: their queries carry tokens. */
export const webhookCheck =
  (enabled: boolean, reach: Reach): CheckWebhook =>
  (url) => {
    const message = enabled ? refusalOf(url, reach) : webhooksAreOff;
    if (message === undefined) return Promise.resolve();
    const problems = [{ path: "webhook", message }];
    return Promise.reject(new HttpProblem(400, errorCodes.validation, { detail: `webhook: ${message}`, problems }));
  };

function refusalOf(url: string, reach: Reach): string | undefined {
  try {
    assertPublicUrl(url, reach);
    return undefined;
  } catch (error) {
    if (error instanceof UrlRefused) return error.message;
    throw error;
  }
}

/**
 * Sends a webhook. Names are looked up and judged anew each time; of the receiver's answer its status and `Retry-After`
 * count, and nothing else.
 */
export const postWithin =
  (reach: Reach): SenderOptions["post"] =>
  async (url, init) => {
    const response = await guardedFetch(url, { ...init, method: "POST" }, { reach });
    await response.body?.cancel();
    return { status: response.status, retryAfterMs: retryAfterMs(response.headers.get("retry-after"), Date.now()) };
  };
