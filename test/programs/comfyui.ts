/**
 * The stand-in for ComfyUI as a process of its own, which writes down every execution before it happens: what a kill
 * leaves of it is true. `comfyui.ts FOLDER PORT PID`: like a real one it outlives whoever started it, but not process PID.
 */
import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { createComfyUi } from "../../local/comfyui/comfyui.ts";
import { promptCard } from "../../local/comfyui/nodes/prompt-card.ts";
import { nodeClasses } from "../../local/comfyui/nodes/registry.ts";
import { isAlive } from "../faults/processes.ts";

const [folder = "", port = "", ownerPid = ""] = process.argv.slice(2);
const write = (entry: object): void => {
  appendFileSync(join(folder, "executions.jsonl"), `${JSON.stringify({ pid: process.pid, ...entry })}\n`);
};
const countedCard: typeof promptCard = {
  ...promptCard,
  // Never from the cache: a second run of the same prompt is to be seen.
  fingerprint: randomUUID,
  run: (inputs, context) => {
    write({ kind: "execution", prompt: inputs["prompt"], at: Date.now() });
    return promptCard.run(inputs, context);
  },
};
const at = (name: string): string => join(folder, name);
const comfyUi = createComfyUi({
  folders: { output: at("output"), input: at("input"), temp: at("temp") },
  classes: new Map([...nodeClasses, [countedCard.name, countedCard]]),
});
await comfyUi.listen(Number(port));
write({ kind: "start" });
setInterval(() => {
  if (!isAlive(Number(ownerPid))) process.exit(0);
}, 500);
