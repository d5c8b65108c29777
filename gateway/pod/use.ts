import type { RequestHandler } from "express";
import { errorCodes, type Route, type RouteName } from "../../contract/api.ts";
import { HttpProblem } from "../http.ts";
import type { IdleStop } from "./idle-stop.ts";

/**
 * What sees to it that a route's requests keep the pod from stopping, and that none is taken while it does. Who watches or
 * deploys the endpoint, and whoever has no key, does not use it.
 */
export function usesPod(
  name: RouteName,
  scope: Route["scope"],
  idle: Pick<IdleStop, "use" | "isStopping">,
): RequestHandler[] {
  if (scope === "open" || scope === "admin" || name === "metrics") return [];
  const count: RequestHandler = (_request, response, next) => {
    response.once("close", idle.use());
    next();
  };
  return scope === "read" ? [count] : [count, refuseWhileStopping(idle)];
}

const refuseWhileStopping =
  (idle: Pick<IdleStop, "isStopping">): RequestHandler =>
  (_request, _response, next) => {
    if (!idle.isStopping()) {
      next();
      return;
    }
    const detail = "nobody used the endpoint, so its pod stops; wake it with comfy-endpoints wake, or deploy it again";
    throw new HttpProblem(503, errorCodes.draining, { detail }, { "retry-after": "30" });
  };
