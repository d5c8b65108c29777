import express, { Router } from "express";
import type { Account } from "./account/account.ts";
import { Refusal } from "./account/refusal.ts";
import { type Faults, faultSchema } from "./faults.ts";
import type { Host } from "./host/host.ts";
import type { OperationLog } from "./operations.ts";
import { page } from "./page.ts";

export interface LocalRoutesOptions {
  account: Account;
  host: Pick<Host, "logTail">;
  faults: Faults;
  operations: OperationLog;
}

/** What RunPod does not have: a page for people, faults and events for tests. */
export function createLocalRoutes({ account, host, faults, operations }: LocalRoutesOptions): Router {
  const router = Router();
  router.use(express.json());

  router.get("/", async (request, response) => {
    const base = `${request.protocol}://${request.get("host") ?? ""}`;
    const pods = await Promise.all(account.pods().map(async (pod) => ({ pod, log: await host.logTail(pod.id) })));
    response
      .set("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
      .type("html")
      .send(page({ base, pods, account, operations: operations.all() }));
  });

  router.get("/operations", (_, response) => {
    response.json({ operations: operations.all() });
  });
  router.get("/faults", (_, response) => {
    response.json({ faults: faults.pending() });
  });
  router.delete("/faults", (_, response) => {
    faults.clear();
    response.status(204).end();
  });
  router.post("/faults", (request, response) => {
    const parsed = faultSchema.safeParse(request.body);
    if (parsed.success) {
      faults.add(parsed.data);
      response.status(201).json(parsed.data);
      return;
    }
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`);
    response.status(400).json({ error: problems.join("; ") });
  });
  router.post("/pods/:podId/outbid", (request, response) => {
    try {
      const { id, lastStatusChange } = account.outbid(request.params.podId);
      response.json({ id, lastStatusChange });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      response.status(404).json({ error: error.message });
    }
  });
  return router;
}
