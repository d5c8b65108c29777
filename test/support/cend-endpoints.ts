import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCend } from "./cend.ts";
import { pulumiEnv } from "./pulumi-env.ts";

export interface CendWithEndpoints {
  /** The folder that it runs in. */
  folder: string;
  start(...args: string[]): ReturnType<typeof startCend>;
  cend(...args: string[]): ReturnType<typeof startCend>["ended"];
  remove(): void;
}

/** The command line where nothing is deployed, and the environment tells the addresses of some apps. */
export function cendWithEndpoints(addresses: Record<string, string>, apiKey: string): CendWithEndpoints {
  const folder = mkdtempSync(join(tmpdir(), "cend-"));
  const urls = Object.entries(addresses).map(([app, url]) => [`COMFY_ENDPOINTS_URL_${app.toUpperCase()}`, url]);
  const env = {
    ...pulumiEnv(folder),
    // No engine can be found: nothing here may look for one.
    ...{ HOME: "/nowhere", PATH: "", XDG_CACHE_HOME: "/nowhere", COMFY_ENDPOINTS_API_KEY: apiKey },
    ...(Object.fromEntries(urls) as Record<string, string>),
  };
  const start = (...args: string[]) => startCend(["--state-dir", "state", ...args], { cwd: folder, env });
  return {
    folder,
    start,
    cend: (...args) => start(...args).ended,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
