import { z } from "zod";

const events = z.array(z.tuple([z.string(), z.record(z.string(), z.unknown())]).catch(["", {}]));

/** A prompt's entry in ComfyUI's history: there only when the prompt has ended. */
export const historyEntry = z.object({
  outputs: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  status: z
    .object({ status_str: z.string(), messages: events.default([]) })
    .nullish()
    .transform((status) => status ?? { status_str: "success", messages: [] }),
});
export type HistoryEntry = z.output<typeof historyEntry>;

/** How a prompt ended: interrupted ones are errors too, told apart by a message alone. */
export type Ending = { kind: "success" } | { kind: "interrupted" } | { kind: "failed"; reason: string };

export function endingOf({ status }: HistoryEntry): Ending {
  if (status.status_str === "success") return { kind: "success" };
  if (status.messages.some(([event]) => event === "execution_interrupted")) return { kind: "interrupted" };
  const error = status.messages.find(([event]) => event === "execution_error")?.[1];
  return { kind: "failed", reason: error === undefined ? status.status_str : failureText(error) };
}

/** The node and its message; tracebacks and input values stay inside. */
function failureText(error: Record<string, unknown>): string {
  const text = (key: string): string => (typeof error[key] === "string" ? error[key].trim() : "");
  const message = [text("exception_type"), text("exception_message")].filter((part) => part !== "").join(": ");
  return `node ${text("node_id")} (${text("node_type")}): ${shortened(message)}`;
}

/** One line of bearable length. */
export function shortened(message: string): string {
  const line = message.replace(/\s+/g, " ").trim();
  return line.length > 500 ? `${line.slice(0, 499)}…` : line;
}
