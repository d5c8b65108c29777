import type { RequestListener } from "node:http";
import express from "express";
import { type Health, type Route, routes } from "../contract/api.ts";
import { type AdminOptions, adminHandlers, refuseWhileDraining } from "./admin/routes.ts";
import { firstKey, namedKey, requireKey } from "./auth.ts";
import type { Boot } from "./boot/boot.ts";
import { type BootRoutesOptions, bootHandlers } from "./boot/routes.ts";
import { fileHandlers } from "./files/routes.ts";
import type { FileStore } from "./files/store.ts";
import { answer, type Handlers, methodNotAllowed, withEnd } from "./http.ts";
import type { Jobs } from "./jobs/jobs.ts";
import { createReadRun } from "./jobs/requests/run-body.ts";
import { jobHandlers } from "./jobs/routes.ts";
import { allowOrigins, securityHeaders } from "./limits/headers.ts";
import { limitRate } from "./limits/rate.ts";
import { bodyWithin } from "./limits/timeouts.ts";
import type { LogTail } from "./log.ts";
import type { Metrics } from "./metrics/metrics.ts";
import { countRequests, metricsHandlers, underRoute } from "./metrics/routes.ts";
import type { Reach } from "./net/guarded-fetch.ts";
import { openApiHandlers } from "./openapi/routes.ts";
import { playgroundHandlers } from "./playground/routes.ts";
import type { IdleStop } from "./pod/idle-stop.ts";
import { usesPod } from "./pod/use.ts";
import { readiness } from "./readiness.ts";
import { webhookHandlers } from "./webhooks/routes.ts";
import type { Webhooks } from "./webhooks/webhooks.ts";

export interface AppOptions {
  apiKey: string;
  boot: Pick<Boot, "health" | "failure" | "workflow">;
  prune: BootRoutesOptions["prune"];
  jobs: Omit<Jobs, "start" | "stop">;
  files: FileStore;
  limits: {
    payloadBytes: number;
    uploadBytes: number;
    queuedJobs: number;
    requestsPerMinute: number | null;
    bodyMs: number;
  };
  metrics: Pick<Metrics, "requestEnded" | "text">;
  /** Sites whose scripts may call; none unless configured. */
  corsOrigins: readonly string[];
  keys: AdminOptions["keys"];
  drain: AdminOptions["drain"];
  /** Stops the pod when it is idle; null where it never does. */
  idleStop: Pick<IdleStop, "use" | "isStopping"> | null;
  webhooks: Pick<Webhooks, "outbox" | "enabled" | "check" | "wake">;
  /** Where files may be fetched from. */
  reach: Reach;
  log: LogTail;
}

/** The HTTP API: every route of the table, and nothing else. It listens nowhere. */
export function createApp(options: AppOptions): RequestListener {
  const { apiKey, boot, jobs, files, limits, corsOrigins, keys, drain, idleStop, webhooks, metrics } = options;
  const { reach, log } = options;
  const first = firstKey(apiKey);
  const health = (): Health => {
    const body = boot.health();
    if (body.status !== "ok") return body;
    if (idleStop?.isStopping() === true) return { ...body, status: "draining", detail: "stops, for nobody used it" };
    if (!drain.isOn()) return body;
    return { ...body, status: "draining", detail: "takes no more runs, and finishes those it has" };
  };
  const handlers: Handlers = {
    ...statusHandlers(health, boot),
    ...readyHandlers({ health, unfinished: () => jobs.store.unfinished(), queuedJobs: limits.queuedJobs }),
    ...metricsHandlers(metrics),
    ...bootHandlers({ boot, prune: options.prune }),
    ...jobHandlers({
      ...{ ...jobs, boot, files, log, payloadBytes: limits.payloadBytes, checkWebhook: webhooks.check },
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
    ...playgroundHandlers(),
  };

  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  app.set("query parser", "simple");
  app.enable("strict routing");
  app.enable("case sensitive routing");
  app.use(countRequests(metrics));
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
      underRoute(name),
      ...(scope === "open" ? [] : [requireKey(known, scope)]),
      // A deployment must get through whatever callers do.
      ...(scope === "open" || scope === "admin" ? [] : rate),
      ...(idleStop === null ? [] : usesPod(name, scope, idleStop)),
      ...(name === "run" ? [refuseWhileDraining(drain)] : []),
      ...(request === "json" ? [bodyWithin(limits.bodyMs)] : []),
    ];
    app[methodNames[method]](path, ...guards, ...handlers[name]);
  }
  for (const [path, methods] of methodsByPath()) {
    // Not by `app.all`, which makes a layer for each of the 35 methods.
    app.route(path).all(methodNotAllowed(methods.join(", ")));
  }
  return withEnd(app, log);
}

const methodNames = { GET: "get", POST: "post", PUT: "put", DELETE: "delete" } as const;

function statusHandlers(
  health: () => Health,
  boot: Pick<Boot, "health" | "workflow">,
): Pick<Handlers, "health" | "contract"> {
  return {
    health: [
      answer<"health">(() => {
        const body = health();
        return { status: body.status === "ok" ? 200 : 503, body };
      }),
    ],
    contract: [answer<"contract">(() => ({ status: 200, body: readiness(boot).contract }))],
  };
}

interface ReadyOptions {
  health: () => Health;
  unfinished: () => Promise<{ queued: number }>;
  queuedJobs: number;
}

const readyHandlers = ({ health, unfinished, queuedJobs }: ReadyOptions): Pick<Handlers, "ready"> => ({
  ready: [
    answer<"ready">(async () => {
      const { status, phase, detail } = health();
      const refusal = (reason: string) => ({ status: 503, body: { ready: false, reason } }) as const;
      if (status !== "ok") return refusal(detail ?? `the endpoint boots: ${phase}`);
      const { queued } = await unfinished();
      if (queued >= queuedJobs) return refusal(`${queued} jobs wait, which is as many as may`);
      return { status: 200, body: { ready: true, reason: null } };
    }),
  ],
});

function methodsByPath(): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { method, path } of Object.values(routes)) {
    methods.set(path, [...(methods.get(path) ?? []), ...(method === "GET" ? ["GET", "HEAD"] : [method])]);
  }
  return methods;
}
