import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { goldenImage } from "./host/golden-image.ts";
import { createLocalRunPod, type Listening } from "./runpod.ts";
import { accessTo, welcome } from "./welcome.ts";

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
  .option("--json", "print one line of JSON although stdout is a terminal")
  .option("--exit-with-stdin", "end when standard input closes")
  .action(run);

await program.parseAsync();

async function run(flags: Flags): Promise<void> {
  // From the first moment on: whoever ends it while it starts leaves nothing behind either.
  const ended = toldToEnd(flags.exitWithStdin === true);
  const dataFolder = flags.data === undefined ? mkdtempSync(join(tmpdir(), "local-runpod-")) : resolve(flags.data);
  const runpod = createLocalRunPod({ dataFolder, container: goldenImage(process.env) });
  let listening: Listening;
  try {
    listening = await runpod.listen(flags.port);
  } catch (error) {
    if (flags.data === undefined) rmSync(dataFolder, { recursive: true });
    console.error(startProblem(error, flags.port));
    process.exit(1);
  }
  const access = accessTo(listening.url, runpod.apiKey);
  console.log(flags.json === true || !process.stdout.isTTY ? JSON.stringify(access) : welcome(access));

  await ended;
  await listening.close();
  if (flags.data === undefined) rmSync(dataFolder, { recursive: true, force: true });
  process.exit(0);
}

/** Resolves when somebody wants it to end: by a signal, a closed terminal, or a closed standard input. */
function toldToEnd(withStdin: boolean): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
    if (withStdin) process.stdin.resume().once("close", () => resolve());
  });
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
