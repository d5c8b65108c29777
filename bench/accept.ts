/** `npm run bench -- accept`: how many jobs are accepted in a second, each safe on disk when it is answered. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Job } from "../contract/api.ts";
import { median, print, stopwatch } from "./measure.ts";
import { createClient, jsonOf } from "./support/client.ts";
import { createBench, key, ready, workflow } from "./support/programs.ts";

const clients = 8;
// Fewer than may wait in the gateway.
const jobs = 800;
const rounds = 9;
const inputs = { color: 1, seconds: 0, steps: 1 };
/** Keeps ComfyUI busy: what is measured is the acceptance alone. */
const long = { ...inputs, seconds: 3600 };

const bench = createBench();
try {
  const comfyUrl = await bench.startComfyUi();
  const gateway = createClient(await ready(bench.startGateway("state", comfyUrl)), { "x-api-key": key });
  const express = createClient(await bench.startProgram("express-row", join(bench.folder, "rows.db")), {
    "content-type": "application/json",
  });
  const comfy = createClient(comfyUrl);
  const prompt = structuredClone(workflow);
  Object.assign(prompt[1].inputs, { color: inputs.color });
  Object.assign(prompt[3].inputs, { filename_prefix: randomUUID() });

  const accepted: string[] = [];
  const run = async (body: object): Promise<void> => {
    accepted.push((jsonOf(await gateway.ask("/run", body)) as Job).job_id);
  };
  // Jobs of the gateway's own: it sends ComfyUI the next one when that has ended.
  await run(long);
  accepted.length = 0;

  const rates = { gateway: [] as number[], comfy: [] as number[], express: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const measured = {
      gateway: await rate(() => run(inputs)),
      comfy: await rate(() => comfy.ask("/prompt", { prompt, prompt_id: randomUUID(), client_id: "bench" })),
      express: await rate(() => express.ask("/run", inputs)),
    };
    // The first warms all of them up.
    if (round > 0) for (const name of ["gateway", "comfy", "express"] as const) rates[name].push(measured[name]);
    await comfy.ask("/queue", { clear: true });
    const last = [...accepted];
    accepted.length = 0;
    await together(() => gateway.ask(`/jobs/${last.pop()}/cancel`, {}), last.length);
  }
  const ratio = (other: "comfy" | "express"): string =>
    median(rates.gateway.map((each, round) => each / (rates[other][round] ?? Number.NaN))).toFixed(2);
  const figure = (name: keyof typeof rates): string => `${median(rates[name]).toFixed(0)}/s`;
  print([
    [`jobs accepted from ${clients} clients`, figure("gateway"), `median of ${rounds} rounds of ${jobs}`],
    ["  POST /prompt of ComfyUI, which keeps nothing", figure("comfy"), "a real one took 1200/s"],
    ["  ratio", ratio("comfy"), "at least 1.00"],
    ["  a bare Express route that writes one row", figure("express"), "synchronous = FULL"],
    ["  ratio", ratio("express"), "at least 0.60"],
  ]);
} finally {
  await bench.close();
}

/** Requests in a second. */
async function rate(ask: () => Promise<unknown>): Promise<number> {
  const time = stopwatch();
  await together(ask, jobs);
  return (jobs / time()) * 1000;
}

/** Each client asks again when it was answered. */
async function together(ask: () => Promise<unknown>, count: number): Promise<void> {
  let left = count;
  const client = async (): Promise<void> => {
    while (left-- > 0) await ask();
  };
  await Promise.all(Array.from({ length: clients }, client));
}
