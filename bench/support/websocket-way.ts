import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { WebSocket } from "ws";
import { createClient, jsonOf } from "./client.ts";
import { workflow } from "./programs.ts";
import type { Way } from "./ways.ts";

type Saved = { filename: string; subfolder: string; type: string };
type Message = { type: string; data: { node?: string | null; prompt_id: string } };
type History = Record<string, { outputs: Record<string, { images?: Saved[] }> }>;

/** As a program does it that speaks to ComfyUI itself, in its most direct way. */
export async function websocketWay(comfyUrl: string): Promise<{ run: Way; close: () => void }> {
  const { ask } = createClient(comfyUrl);
  const clientId = randomUUID();
  const socket = new WebSocket(`${comfyUrl.replace("http", "ws")}/ws?clientId=${clientId}`);
  const ended = new Map<string, () => void>();
  socket.on("message", (message: Buffer) => {
    const { type, data } = jsonOf(message) as Message;
    if (type === "executing" && data.node === null) ended.get(data.prompt_id)?.();
  });
  await once(socket, "open");
  const run: Way = async ({ color, seconds, steps }) => {
    const prompt = structuredClone(workflow);
    Object.assign(prompt[1].inputs, { color });
    Object.assign(prompt[2].inputs, { seconds, steps });
    const id = randomUUID();
    // A folder for each: SaveImage looks through all that is there.
    Object.assign(prompt[3].inputs, { filename_prefix: `${id}/bench` });
    const end = new Promise<void>((resolve) => ended.set(id, resolve));
    await ask("/prompt", { prompt, prompt_id: id, client_id: clientId });
    await end;
    const entry = (jsonOf(await ask(`/history/${id}`)) as History)[id];
    return ask(`/view?${new URLSearchParams(entry?.outputs["3"]?.images?.[0]).toString()}`);
  };
  return { run, close: () => socket.close() };
}
