import express, { type Express } from "express";
import { type Route, routes } from "../contract/api.ts";
import { requireKey } from "./auth.ts";
import type { Boot } from "./boot.ts";
import { fileHandlers } from "./files/routes.ts";
import type { FileStore } from "./files/store.ts";
import { answer, errorHandler, type Handlers, methodNotAllowed, notFound } from "./http.ts";
import { jobHandlers } from "./jobs/routes.ts";
import type { JobStore } from "./jobs/store.ts";
import type { Worker } from "./jobs/worker.ts";
import type { Log } from "./log.ts";
import { readiness } from "./readiness.ts";

export interface AppOptions {
  apiKey: string;
  boot: Pick<Boot, "health" | "workflow">;
  jobs: JobStore;
  files: FileStore;
  worker: Pick<Worker, "wake" | "cancel">;
  limits: { payloadBytes: number; uploadBytes: number };
  log: Log;
}

/** The HTTP API: every route of the table, and nothing else. It listens nowhere. */
export function createApp(options: AppOptions): Express {
  const { apiKey, boot, jobs, files, worker, limits, log } = options;
  const handlers: Handlers = {
    ...statusHandlers(boot),
    ...jobHandlers({ boot, jobs, files, worker, payloadBytes: limits.payloadBytes, log }),
    ...fileHandlers(files, limits.uploadBytes),
  };

  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  app.set("query parser", "simple");
  app.enable("strict routing");
  app.enable("case sensitive routing");
  app.use((_request, response, next) => {
    response.set({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
    next();
  });
  const key = requireKey(apiKey);
  for (const [name, route] of Object.entries(routes) as [keyof Handlers, Route][]) {
    const guards = route.scope === "open" ? [] : [key];
    const method = route.method === "GET" ? "get" : "post";
    app[method](route.path, ...guards, ...handlers[name]);
  }
  for (const [path, methods] of methodsByPath()) app.all(path, methodNotAllowed(methods.join(", ")));
  app.use(notFound);
  app.use(errorHandler(log));
  return app;
}

function statusHandlers(boot: Pick<Boot, "health" | "workflow">): Pick<Handlers, "health" | "contract"> {
  return {
    health: [
      answer<"health">(() => {
        const body = boot.health();
        return { status: body.status === "ok" ? 200 : 503, body };
      }),
    ],
    contract: [answer<"contract">(() => ({ status: 200, body: readiness(boot).contract }))],
  };
}

function methodsByPath(): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { method, path } of Object.values(routes)) {
    methods.set(path, [...(methods.get(path) ?? []), ...(method === "GET" ? ["GET", "HEAD"] : [method])]);
  }
  return methods;
}
