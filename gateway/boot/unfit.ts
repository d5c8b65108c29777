import type { RequestListener } from "node:http";
import type { Health } from "../../contract/api.ts";
import { errorOf, type Failure, shownOf } from "./failure.ts";

/**
 * What answers in place of a gateway that its environment does not let start. There is no key to ask for, and nothing to
 * hide: every caller learns why.
 */
export function unfitListener(failure: Failure): RequestListener {
  const health: Health = { status: "failed", phase: "contract", ...shownOf(failure) };
  const error = errorOf(failure);
  const headers = { "content-type": "application/json; charset=utf-8", "retry-after": "10" };
  return (request, response) => {
    request.resume();
    const isHealth = request.url?.split("?", 1)[0] === "/healthz";
    response.writeHead(503, headers).end(JSON.stringify(isHealth ? health : error));
  };
}
