/** `npm run bench -- idle`: how soon the gateway answers after its start, and what memory it has while it does nothing. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { residentBytes } from "../test/support/memory.ts";
import { median, mib, milliseconds, print, stopwatch } from "./measure.ts";
import { createClient } from "./support/client.ts";
import { createBench, freePort, key, ready } from "./support/programs.ts";
import { gatewayWays } from "./support/ways.ts";

const rounds = 15;
const jobs = 100;
const quietMs = 5000;

const bench = createBench();
try {
  const flags = ["--contract-path", "contract.json", "--workflow-path", "workflow.json", "--state-db", "start/jobs.db"];
  const programs = {
    gateway: (port: number) => ["gateway/main.ts", ...flags, "--listen-port", String(port)],
    express: (port: number) => ["bench/programs/express-hello.ts", String(port)],
  };
  const times = { gateway: [] as number[], express: [] as number[] };
  // The first fills the cache of compiled code, which npm's scripts and the image have.
  for (let round = 0; round <= rounds; round++) {
    for (const name of ["gateway", "express"] as const) {
      const took = await start(programs[name]);
      if (round > 0) times[name].push(took);
    }
  }

  const gateway = bench.startGateway("state", await bench.startComfyUi());
  const url = await ready(gateway);
  await sleep(quietMs);
  const fresh = residentBytes(gateway.process.pid ?? 0);
  const run = gatewayWays(createClient(url, { "x-api-key": key }))["?wait"];
  for (let at = 0; at < jobs; at++) await run({ color: at, seconds: 0, steps: 1 });
  await sleep(quietMs);
  const used = residentBytes(gateway.process.pid ?? 0);

  print([
    ["from the start to the first answer of /healthz", milliseconds(median(times.gateway)), `median of ${rounds}`],
    ["  a bare Express app", milliseconds(median(times.express)), `median of ${rounds}`],
    ["  ratio", (median(times.gateway) / median(times.express)).toFixed(2), "at most 3.00"],
    ["resident memory, idle", mib(fresh), "at most 120 MB, which are 114 MiB"],
    [`  after ${jobs} jobs`, mib(used), ""],
  ]);
} finally {
  await bench.close();
}

/** Milliseconds until a program answers. */
async function start(program: (port: number) => string[]): Promise<number> {
  const port = await freePort();
  const [file = "", ...args] = program(port);
  const time = stopwatch();
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, "..", file), ...args], {
    cwd: bench.folder,
    env: { ...process.env, COMFY_ENDPOINTS_API_KEY: key },
    stdio: "ignore",
  });
  while (!(await answers(port))) await sleep(1);
  const took = time();
  // One that is killed leaves its compiled code to nobody.
  child.kill("SIGTERM");
  await once(child, "exit");
  return took;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get({ port, host: "127.0.0.1", path: "/healthz", agent: false }, (answer) => {
      answer.resume();
      resolve(true);
    });
    asked.on("error", () => resolve(false));
  });
}
