import type { HistoryEntry, PromptQueue } from "../execution/prompt-queue.ts";

export type JobStatus = "pending" | "in_progress" | "completed" | "failed" | "cancelled";

export interface JobSummary {
  id: string;
  status: JobStatus;
  priority: number;
  create_time: unknown;
  outputs_count: number;
  previewable_outputs_count: number;
  execution_start_time?: unknown;
  execution_end_time?: unknown;
}

/** A prompt as /api/jobs/{id} shows it; undefined when there is none. */
export function jobView(queue: PromptQueue, id: string): object | undefined {
  const entry = queue.history.get(id);
  const waiting = waitingJobs(queue).find((job) => job.id === id);
  if (waiting !== undefined) return waiting;
  if (entry === undefined) return undefined;
  const [, , graph, extraData] = entry.prompt;
  return {
    ...endedJob(entry),
    outputs: entry.outputs,
    execution_status: entry.status,
    workflow: { prompt: graph, extra_data: extraData },
  };
}

/** All prompts that are known, the latest first. */
export function jobList(queue: PromptQueue): JobSummary[] {
  return [...waitingJobs(queue), ...[...queue.history.values()].map(endedJob)].sort(
    (one, other) => Number(other.create_time) - Number(one.create_time),
  );
}

function waitingJobs(queue: PromptQueue): JobSummary[] {
  const running = queue.running();
  return [...queue.pending(), ...(running === undefined ? [] : [running])].map((prompt) => ({
    id: prompt.id,
    status: prompt === running ? "in_progress" : "pending",
    priority: prompt.number,
    create_time: prompt.extraData["create_time"],
    outputs_count: 0,
    previewable_outputs_count: 0,
  }));
}

function endedJob(entry: HistoryEntry): JobSummary {
  const [number, id, , extraData] = entry.prompt;
  const { messages } = entry.status;
  const failed = messages.find(([event]) => event === "execution_error");
  const interrupted = messages.some(([event]) => event === "execution_interrupted");
  const previews = Object.entries(entry.outputs).flatMap(([nodeId, ui]) =>
    Object.entries(ui).flatMap(([mediaType, items]) => items.flatMap((item) => previewOf(item, nodeId, mediaType))),
  );
  const files = previews.filter((preview) => "filename" in preview);
  const [preview] = previews;
  return {
    id,
    status: interrupted ? "cancelled" : entry.status.completed ? "completed" : "failed",
    priority: number,
    create_time: extraData["create_time"],
    execution_start_time: messages[0]?.[1]["timestamp"],
    execution_end_time: messages.at(-1)?.[1]["timestamp"],
    ...(failed !== undefined && { execution_error: failed[1] }),
    outputs_count: files.length,
    previewable_outputs_count: files.length,
    ...(preview !== undefined && { preview_output: preview }),
  };
}

function previewOf(item: unknown, nodeId: string, mediaType: string): object[] {
  if (typeof item === "object" && item !== null && "filename" in item) return [{ ...item, nodeId, mediaType }];
  return mediaType === "text" ? [{ content: item, nodeId, mediaType }] : [];
}
