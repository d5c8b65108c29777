import { type Response, Router } from "express";
import type { Fault, Faults } from "../faults.ts";
import { failOnPurpose } from "../http-faults.ts";
import type { OperationLog } from "../operations.ts";
import { logsQuery, type PodLogsOptions, streamLogs } from "./pod-logs.ts";
import { refuse } from "./problem.ts";

export interface RestOptions extends PodLogsOptions {
  isKey: (key: string) => boolean;
  faults: Faults;
  operations: OperationLog;
}

/**
 * What the local RunPod serves of REST v2, below `/v2`: the logs of pods, which GraphQL does not have. Operations are named
 * as the vendor's `operationId`.
 */
export function createRestRoutes(options: RestOptions): Router {
  const { isKey, faults, operations } = options;
  const router = Router();
  router.use((request, response, next) => {
    if (!request.headers["user-agent"]) {
      // RunPod's edge, which stands before all of its APIs (seen live for some programs).
      response.status(403).type("text").send("error code: 1010");
      return;
    }
    const [, key] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "") ?? [];
    // The first text is the vendor's, the second is ours.
    if (key === undefined) refuse(response, { status: 401, detail: "missing bearer token" });
    else if (!isKey(key)) refuse(response, { status: 401, detail: "invalid bearer token" });
    else next();
  });

  router.get("/pods/:id/logs", async (request, response) => {
    const name = "getPodLogs";
    const podId = request.params.id;
    const fault = faults.take(name, podId);
    if (fault !== undefined) {
      operations.record({ name, podId, outcome: "fault", detail: fault.kind });
      if (failed(fault, response)) return;
    }
    const asked = logsQuery(request, options.account);
    const refused = "detail" in asked ? asked : undefined;
    if (fault === undefined) {
      operations.record({ name, podId, outcome: refused === undefined ? "ok" : "refused", detail: refused?.detail });
    }
    if ("detail" in asked) refuse(response, asked);
    else await streamLogs(response, podId, asked, options);
  });

  router.use((_, response) => refuse(response, { status: 404, detail: "resource not found" }));
  return router;
}

/** Lets a request fail; false when the fault means nothing for one of its kind. Reading has no effect that could be done. */
function failed(fault: Fault, response: Response): boolean {
  if (fault.kind === "graphql-error") refuse(response, { status: 500, detail: fault.message });
  if (fault.kind === "reset-after") response.socket?.destroy();
  return failOnPurpose(fault, response) || ["graphql-error", "reset-after", "timeout"].includes(fault.kind);
}
