import { join } from "node:path";
import { podEnv } from "../../contract/pod-env.ts";
import { splitWords } from "../comfy/command.ts";
import type { Env } from "../settings.ts";

interface ComfyImage {
  /** Folder of ComfyUI's code. */
  code: string;
  /** Folder of its `input/`, `output/` and `temp/`. */
  files: string;
  port: number;
  /** Largest upload, in bytes. */
  uploadBytes: number;
}

/** How ComfyUI is started, and the folder of what it reads and writes: as somebody said, else as it lies in the image. */
export function comfyStart(
  command: string | undefined,
  image: ComfyImage,
): { command: readonly string[]; folder: string } {
  // Of other people's way to start it nothing is known: ComfyUI's own folders are below its code.
  if (command !== undefined) return { command: splitWords(command), folder: image.code };
  return { command: imageCommand(image), folder: image.files };
}

function imageCommand({ code, files, port, uploadBytes }: ComfyImage): string[] {
  return [
    ...["python", join(code, "main.py"), "--listen", "127.0.0.1", "--port", String(port)],
    ...["--output-directory", join(files, "output"), "--input-directory", join(files, "input")],
    // ComfyUI adds the `temp`.
    ...["--temp-directory", files],
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
