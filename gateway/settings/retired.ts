import type { Env } from "../settings.ts";

/** The original's variables that mean nothing any more, and what does their work. */
const retired: Readonly<Record<string, string>> = {
  COMFY_ENDPOINTS_OUTPUT_POLL_SECONDS: "ComfyUI's events tell when a prompt ends; unset it",
  COMFY_ENDPOINTS_ARTIFACT_GRACE_SECONDS: "outputs are there when their prompt ends; unset it",
  COMFY_ENDPOINTS_ARTIFACTS_DIR: "outputs are kept beside the database; set COMFY_ENDPOINTS_STATE_DB",
};

/** What somebody should know who still sets them; undefined when nobody does. */
export function retiredVariables(env: Env): string | undefined {
  const set = Object.entries(retired).filter(([name]) => (env[name] ?? "").trim() !== "");
  return set.length === 0 ? undefined : set.map(([name, remedy]) => `"${name}" does nothing: ${remedy}`).join("; ");
}
