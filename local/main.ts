import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { goldenImage } from "./host/golden-image.ts";
import { createLocalRunPod, type Listening } from "./runpod.ts";

interface Flags {
  port: number;
  data?: string;
  json?: boolean;
  exitWithStdin?: boolean;
}

const program = new Command("local")
  .description("A RunPod on your own machine: its API, pods as processes, a proxy for their URLs")
  .option("--port <port>", "port to listen on, 0 for any", parsePort, 7777)
  .option("--data <folder>", "where pods and network volumes lie (default: a temporary folder, removed at the end)")
  .option("--json", "print one line of JSON with the url, for programs")
  .option("--exit-with-stdin", "end when standard input closes")
  .action(run);

await program.parseAsync();

async function run(flags: Flags): Promise<void> {
  const dataFolder = flags.data === undefined ? mkdtempSync(join(tmpdir(), "local-runpod-")) : resolve(flags.data);
  const runpod = createLocalRunPod({ dataFolder, container: goldenImage(process.env) });
  let listening: Listening;
  try {
    listening = await runpod.listen(flags.port);
  } catch (error) {
    if (flags.data === undefined) rmSync(dataFolder, { recursive: true });
    console.error(startProblem(error, flags.port));
    process.exitCode = 1;
    return;
  }
  console.log(flags.json === true ? JSON.stringify({ url: listening.url }) : welcome(listening.url, runpod.apiKey));

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await listening.close();
    if (flags.data === undefined) rmSync(dataFolder, { recursive: true, force: true });
    process.exit(0);
  };
  process.on("SIGINT", () => void end());
  process.on("SIGTERM", () => void end());
  if (flags.exitWithStdin === true) process.stdin.resume().once("close", () => void end());
}

function welcome(url: string, apiKey: string): string {
  return [
    `RUNPOD_API_BASE_URL=${url}`,
    `RUNPOD_PROXY_URL=${url}/proxy/{podId}-{port}`,
    `RUNPOD_API_KEY=${apiKey}`,
    "",
    `Pods and their logs: ${url}/local`,
  ].join("\n");
}

function startProblem(error: unknown, port: number): string {
  if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
    return `port ${port} is in use; end what listens there, or give another one: npm run local -- --port 0 takes any`;
  }
  return error instanceof Error ? error.message : String(error);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("give a port from 0 to 65535.");
}
