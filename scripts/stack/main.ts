/** `scripts/smoke_test_local_stack.sh`: starts the stack, runs a job through it, takes it down. */
import { join } from "node:path";
import { type Env, withEnvFiles } from "../../providers/runpod/env-files.ts";
import { composeCommand, startContainers } from "./containers.ts";
import { checkEndpoint } from "./endpoint.ts";
import { startProcesses } from "./processes.ts";
import { StackProblem, type StackSettings } from "./stack.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    await run(readSettings(withEnvFiles(process.env, join(import.meta.dirname, "../.."))));
    console.log("▸ All of it works");
    return 0;
  } catch (error) {
    if (!(error instanceof StackProblem)) throw error;
    console.error(`error: ${error.message}`);
    return 1;
  }
}

function readSettings(env: Env): StackSettings {
  const port = env["COMFY_ENDPOINTS_PUBLIC_PORT"] || "18080";
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
    throw new StackProblem(`COMFY_ENDPOINTS_PUBLIC_PORT is "${port}"; give a port from 1 to 65535`);
  }
  return { port: Number(port), apiKey: env["COMFY_ENDPOINTS_API_KEY"] || "dev-api-key", env };
}

async function run(settings: StackSettings): Promise<void> {
  const compose = composeCommand(settings.env);
  console.log(`▸ Gateway, nginx and a stand-in for ComfyUI as ${compose === undefined ? "processes" : "containers"}`);
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());
  const stack = compose === undefined ? await startProcesses(settings) : startContainers(compose, settings);
  try {
    const abort = AbortSignal.any([interrupted.signal, stack.ended]);
    await checkEndpoint(`http://127.0.0.1:${settings.port}`, settings.apiKey, abort);
  } catch (error) {
    console.log(stack.logs());
    throw error;
  } finally {
    await stack.stop();
  }
}
