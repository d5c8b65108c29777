import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContainerImage } from "./host.ts";

const repository = join(import.meta.dirname, "../..");

/**
 * The golden image without Docker: the gateway of this repository, with the stand-in where ComfyUI is in the real one.
 * @param env what programs are found with; nothing else of this machine's environment gets into a pod
 */
export function goldenImage(env: {
  PATH?: string | undefined;
  HOME?: string | undefined;
  NODE_COMPILE_CACHE?: string | undefined;
}): ContainerImage {
  return {
    command: process.execPath,
    args: [join(repository, "gateway/main.ts")],
    cwd: repository,
    env: {
      PATH: env.PATH ?? "",
      HOME: env.HOME ?? "",
      // Shared by all pods: without it every start compiles the same files again.
      NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE ?? join(tmpdir(), "comfy-endpoints-compile-cache"),
      COMFY_START_COMMAND: [process.execPath, join(repository, "local/comfyui/main.ts"), "--preview-method", "auto"]
        .map(quoted)
        .join(" "),
    },
  };
}

/** A word for a shell. */
const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
