import { Router } from "express";
import type { PromptQueue } from "../execution/prompt-queue.ts";
import { jobList, jobView } from "./job-view.ts";
import { sendJson } from "./python-json.ts";
import { canonicalId, idsOf, record, wholeNumber } from "./request.ts";

/** /api/jobs, which ComfyUI has only with the prefix. */
export function createJobRoutes(queue: PromptQueue): Router {
  const router = Router();

  router.get("/", (request, response) => {
    const wanted = typeof request.query["status"] === "string" ? request.query["status"].split(",") : undefined;
    const jobs = jobList(queue).filter((job) => wanted?.includes(job.status) ?? true);
    const offset = wholeNumber(request.query["offset"]) ?? 0;
    const limit = wholeNumber(request.query["limit"]);
    const shown = jobs.slice(offset, limit === undefined ? undefined : offset + limit);
    const has_more = offset + shown.length < jobs.length;
    sendJson(response, { jobs: shown, pagination: { offset, limit: limit ?? null, total: jobs.length, has_more } });
  });
  router.get("/:id", (request, response) => {
    const job = jobView(queue, request.params.id);
    if (job === undefined) response.status(404).json({ error: "Job not found" });
    else sendJson(response, job);
  });
  router.post("/cancel", (request, response) => {
    const ids = idsOf(record(request)["job_ids"]);
    const invalid = ids.filter((id) => !canonicalId.test(id));
    if (invalid.length > 0) {
      response.status(400).json({ error: "job_ids contains invalid id(s)", invalid_ids: invalid });
      return;
    }
    response.json({ cancelled: ids.map((id) => cancel(queue, id)).includes(true) });
  });
  router.post("/:id/cancel", (request, response) => {
    response.json({ cancelled: cancel(queue, request.params.id) });
  });
  return router;
}

const cancel = (queue: PromptQueue, id: string): boolean => queue.remove([id]) || queue.interrupt(id);
