import { randomUUID } from "node:crypto";
import { type Response, Router } from "express";
import type { Graph, GraphNode } from "../execution/graph.ts";
import { type PromptQueue, queueItem } from "../execution/prompt-queue.ts";
import type { QueuedPrompt } from "../execution/report.ts";
import { type Knowledge, validatePrompt } from "../execution/validate.ts";
import { sendJson } from "./python-json.ts";
import { canonicalId, idsOf, isRecord, record, wholeNumber } from "./request.ts";

export interface PromptRoutesOptions {
  queue: PromptQueue;
  knowledge: Knowledge;
  forgetCache: () => void;
}

/** /prompt, /queue, /interrupt, /history and /free. */
export function createPromptRoutes({ queue, knowledge, forgetCache }: PromptRoutesOptions): Router {
  const router = Router();
  let count = 0;

  router.get("/prompt", (_, response) => {
    response.json({ exec_info: { queue_remaining: queue.remaining() } });
  });

  router.post("/prompt", (request, response) => {
    const body = record(request);
    const number = numberOf(body, count);
    count++;
    if (!("prompt" in body)) {
      refuse(response, "no_prompt", "No prompt provided", "No prompt provided");
      return;
    }
    const graph = graphOf(body["prompt"]);
    const id = body["prompt_id"] ?? randomUUID();
    if (typeof id !== "string" || !canonicalId.test(id)) {
      refuse(
        response,
        "invalid_prompt_id",
        "prompt_id must be a valid UUID",
        "prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one",
      );
      return;
    }
    const targets = Array.isArray(body["partial_execution_targets"])
      ? idsOf(body["partial_execution_targets"])
      : undefined;
    const checked = validatePrompt(graph, targets, knowledge);
    if (!checked.ok) {
      response.status(400).json({ error: checked.error, node_errors: checked.nodeErrors });
      return;
    }
    queue.put(queued(number, id, graph, body, checked.outputs));
    response.json({ prompt_id: id, number, node_errors: checked.nodeErrors });
  });

  router.get("/queue", (_, response) => {
    const running = queue.running();
    sendJson(response, {
      queue_running: running === undefined ? [] : [queueItem(running)],
      queue_pending: queue.pending().map(queueItem),
    });
  });
  router.post("/queue", (request, response) => {
    const body = record(request);
    if (body["clear"] === true) queue.clear();
    queue.remove(idsOf(body["delete"]));
    response.status(200).end();
  });

  router.post("/interrupt", (request, response) => {
    const id = request.body ? record(request)["prompt_id"] : undefined;
    queue.interrupt(typeof id === "string" ? id : undefined);
    response.status(200).end();
  });

  router.get("/history", (request, response) => {
    const entries = [...queue.history.entries()];
    const most = wholeNumber(request.query["max_items"]) ?? entries.length;
    const offset = wholeNumber(request.query["offset"]) ?? Math.max(0, entries.length - most);
    sendJson(response, Object.fromEntries(entries.slice(offset, offset + most)));
  });
  router.get("/history/:id", (request, response) => {
    const { id } = request.params;
    const entry = queue.history.get(id);
    sendJson(response, entry === undefined ? {} : { [id]: entry });
  });
  router.post("/history", (request, response) => {
    const body = record(request);
    if (body["clear"] === true) queue.history.clear();
    for (const id of idsOf(body["delete"])) queue.history.delete(id);
    response.status(200).end();
  });

  router.post("/free", (request, response) => {
    if (record(request)["free_memory"] === true) forgetCache();
    response.status(200).end();
  });
  return router;
}

/** @throws when it is no object of nodes, which ends as 500 */
function graphOf(prompt: unknown): Graph {
  if (!isRecord(prompt)) throw new Error("the prompt is no object");
  return Object.fromEntries(
    Object.entries(prompt).map(([id, node]) => {
      if (!isRecord(node)) throw new Error(`node ${id} is no object`);
      const { class_type, inputs, ...others } = node;
      const checked: GraphNode = {
        ...others,
        class_type: typeof class_type === "string" ? class_type : undefined,
        inputs: isRecord(inputs) ? inputs : {},
      };
      return [id, checked];
    }),
  );
}

function queued(
  number: number,
  id: string,
  graph: Graph,
  body: Record<string, unknown>,
  outputs: string[],
): QueuedPrompt {
  const clientId = typeof body["client_id"] === "string" ? body["client_id"] : undefined;
  const given = isRecord(body["extra_data"]) ? { ...body["extra_data"] } : {};
  // Secrets of Comfy's own API are for the nodes, not for history.
  delete given["auth_token_comfy_org"];
  delete given["api_key_comfy_org"];
  const extraData = { ...given, ...(clientId !== undefined && { client_id: clientId }), create_time: Date.now() };
  return { number, id, graph, extraData, clientId, outputs };
}

/** Lower numbers run first; `front` puts a prompt before all that wait. */
function numberOf(body: Record<string, unknown>, count: number): number {
  if (body["number"] !== undefined) return Number(body["number"]);
  return body["front"] === true ? -count : count;
}

function refuse(response: Response, type: string, message: string, details: string): void {
  response.status(400).json({ error: { type, message, details, extra_info: {} }, node_errors: {} });
}
