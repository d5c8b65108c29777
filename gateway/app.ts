import express, { type Express } from "express";
import { type Health, type Route, routes } from "../contract/api.ts";
import { type AdminOptions, adminHandlers, refuseWhileDraining } from "./admin/routes.ts";
import { firstKey, namedKey, requireKey } from "./auth.ts";
import type { Boot } from "./boot.ts";
import { fileHandlers } from "./files/routes.ts";
import type { FileStore } from "./files/store.ts";
import { answer, errorHandler, type Handlers, methodNotAllowed, notFound } from "./http.ts";
import type { Jobs } from "./jobs/jobs.ts";
import { createReadRun } from "./jobs/requests/run-body.ts";
import { jobHandlers } from "./jobs/routes.ts";
import { allowOrigins, securityHeaders } from "./limits/headers.ts";
import { limitRate } from "./limits/rate.ts";
import { bodyWithin } from "./limits/timeouts.ts";
import type { LogTail } from "./log.ts";
import type { Reach } from "./net/guarded-fetch.ts";
import { openApiHandlers } from "./openapi/routes.ts";
import { readiness } from "./readiness.ts";
import { webhookHandlers } from "./webhooks/routes.ts";
import type { Webhooks } from "./webhooks/webhooks.ts";

export interface AppOptions {
  apiKey: string;
  boot: Pick<Boot, "health" | "workflow">;
  jobs: Omit<Jobs, "start" | "stop">;
  files: FileStore;
  limits: { payloadBytes: number; uploadBytes: number; requestsPerMinute: number | null; bodyMs: number };
  /** Sites whose scripts may call; none unless configured. */
  corsOrigins: readonly string[];
  keys: AdminOptions["keys"];
  drain: AdminOptions["drain"];
  webhooks: Pick<Webhooks, "outbox" | "enabled" | "check">;
  /** Where files may be fetched from. */
  reach: Reach;
  log: LogTail;
}

/** The HTTP API: every route of the table, and nothing else. It listens nowhere. */
export function createApp(options: AppOptions): Express {
  const { apiKey, boot, jobs, files, limits, corsOrigins, keys, drain, webhooks, reach, log } = options;
  const first = firstKey(apiKey);
  const handlers: Handlers = {
    ...statusHandlers(boot, drain),
    ...jobHandlers({
      ...{ ...jobs, boot, log, payloadBytes: limits.payloadBytes, checkWebhook: webhooks.check },
      readRun: createReadRun({ files, limits, reach, log }),
    }),
    ...fileHandlers(files, limits.uploadBytes),
    ...webhookHandlers({ ...webhooks, jobs: jobs.store }),
    ...adminHandlers({
      keys,
      drain,
      log,
      firstKeySha256: first.digest.toString("hex"),
      unfinished: () => jobs.store.unfinished(),
    }),
    ...openApiHandlers(boot),
  };

  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  app.set("query parser", "simple");
  app.enable("strict routing");
  app.enable("case sensitive routing");
  app.use(securityHeaders(corsOrigins));
  app.use((_request, response, next) => {
    response.set("cache-control", "no-store");
    next();
  });
  if (corsOrigins.length > 0) app.use(allowOrigins(corsOrigins));
  const known = () => [first, ...keys.list().map(namedKey)];
  const rate = limits.requestsPerMinute === null ? [] : [limitRate(limits.requestsPerMinute)];
  for (const [name, { scope, request, method, path }] of Object.entries(routes) as [keyof Handlers, Route][]) {
    const guards = [
      ...(scope === "open" ? [] : [requireKey(known, scope)]),
      // A deployment must get through whatever callers do.
      ...(scope === "open" || scope === "admin" ? [] : rate),
      ...(name === "run" ? [refuseWhileDraining(drain)] : []),
      ...(request === "json" ? [bodyWithin(limits.bodyMs)] : []),
    ];
    app[methodNames[method]](path, ...guards, ...handlers[name]);
  }
  for (const [path, methods] of methodsByPath()) app.all(path, methodNotAllowed(methods.join(", ")));
  app.use(notFound);
  app.use(errorHandler(log));
  return app;
}

const methodNames = { GET: "get", POST: "post", PUT: "put", DELETE: "delete" } as const;

function statusHandlers(
  boot: Pick<Boot, "health" | "workflow">,
  drain: AppOptions["drain"],
): Pick<Handlers, "health" | "contract"> {
  return {
    health: [
      answer<"health">(() => {
        const health = boot.health();
        const body: Health =
          health.status === "ok" && drain.isOn()
            ? { ...health, status: "draining", detail: "takes no more runs, and finishes those it has" }
            : health;
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
