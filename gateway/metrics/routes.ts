import type { RequestHandler } from "express";
import type { RouteName } from "../../contract/api.ts";
import type { Handlers } from "../http.ts";
import { expositionType } from "./exposition.ts";
import type { Metrics } from "./metrics.ts";

export const metricsHandlers = ({ text }: Pick<Metrics, "text">): Pick<Handlers, "metrics"> => ({
  metrics: [
    async (_request, response) => {
      response.setHeader("content-type", expositionType);
      response.end(await text());
    },
  ],
});

// Before any answer; nginx writes it down so.
const callerLeft = 499;

/** Counts every answer, under the name of the route that `underRoute` gave it. */
export const countRequests =
  ({ requestEnded }: Pick<Metrics, "requestEnded">): RequestHandler =>
  (_request, response, next) => {
    const startedAt = performance.now();
    response.once("close", () => {
      const route = (response.locals["route"] as RouteName | undefined) ?? "none";
      const status = response.headersSent ? response.statusCode : callerLeft;
      requestEnded(route, status, (performance.now() - startedAt) / 1000);
    });
    next();
  };

export const underRoute =
  (name: RouteName): RequestHandler =>
  (_request, response, next) => {
    response.locals["route"] = name;
    next();
  };
