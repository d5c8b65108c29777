import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** @returns why images cannot be built with Docker here, as a clause; undefined when they can */
export async function dockerTroubleOf(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    // The client answers without a daemon; the server's version only a daemon knows.
    await promisify(execFile)("docker", ["version", "--format", "{{.Server.Version}}"], { env, timeout: 20_000 });
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ("code" in error && error.code === "ENOENT") return "Docker is not installed";
    if ("killed" in error && error.killed === true) return "Docker does not answer";
    const said = "stderr" in error && typeof error.stderr === "string" ? error.stderr.trim().split("\n")[0] : "";
    return `Docker cannot be used (${said || error.message})`;
  }
}
