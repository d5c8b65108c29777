import { join } from "node:path";
import { podEnv } from "../../contract/pod-env.ts";
import { splitWords } from "../comfy/command.ts";
import type { Env } from "../settings.ts";

/** Program and arguments of ComfyUI: as somebody said, else as it lies in the image. */
export function comfyCommand(
  command: string | undefined,
  comfyFolder: string,
  port: number,
  uploadBytes: number,
): string[] {
  if (command !== undefined) return splitWords(command);
  return [
    ...["python", join(comfyFolder, "main.py"), "--listen", "127.0.0.1", "--port", String(port)],
    "--disable-auto-launch",
    // ComfyUI writes the whole prompt into every PNG: callers' outputs would give the workflow away.
    "--disable-metadata",
    // Without it nobody sees how a picture becomes one: by itself ComfyUI shows no previews.
    ...["--preview-method", "auto"],
    // What the gateway took as an upload, its loaders must take from the gateway; by itself it takes 100 MB.
    ...["--max-upload-size", String(Math.max(100, Math.ceil(uploadBytes / 1024 ** 2) + 1))],
  ];
}

/** What ComfyUI and its nodes may know: all but the gateway's own settings and the key to the RunPod account. */
export function comfyEnv(env: Env): Record<string, string> {
  const own = Object.values(podEnv);
  const hidden = (name: string): boolean =>
    name === "RUNPOD_API_KEY" || own.some((setting) => name === setting || name.startsWith(`${setting}_GZ_`));
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && !hidden(entry[0])),
  );
}
