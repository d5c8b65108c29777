/** `npm run bench -- up`: what our resources add to the time of the engine. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startLocalRunPod } from "../test/support/local-runpod.ts";
import { createTestStack, type TestStack } from "../test/support/stack.ts";
import { median, print, seconds, stopwatch } from "./measure.ts";

const rounds = 7;

const runpod = await startLocalRunPod({ pullMs: 1000 });
const ours = await createTestStack(runpod.env);
const trivial = await createTestStack(runpod.env, { program: join(import.meta.dirname, "programs/trivial.ts") });
try {
  const created = { ours: await up(ours), trivial: await up(trivial), byHand: await rentByHand() };
  const unchanged: { ours: number[]; trivial: number[] } = { ours: [], trivial: [] };
  const callsBefore = runpod.operations.all().length;
  for (let round = 0; round < rounds; round++) {
    unchanged.ours.push(await up(ours));
    unchanged.trivial.push(await up(trivial));
  }
  const calls = runpod.operations
    .all()
    .slice(callsBefore)
    .filter(({ name }) => name !== "proxy").length;
  print([
    ["up without changes", seconds(median(unchanged.ours)), `median of ${rounds}`],
    ["  a program with one trivial dynamic resource", seconds(median(unchanged.trivial)), `median of ${rounds}`],
    ["  ratio", (median(unchanged.ours) / median(unchanged.trivial)).toFixed(2), "at most 1.30"],
    ["  calls of RunPod's API", String(calls / rounds), "for 7 resources in one phase; at most 2 for each"],
    ["up that creates", seconds(created.ours), "once"],
    ["  a program with one trivial dynamic resource", seconds(created.trivial), "once"],
    ["  the same pod rented by hand, until it is ready", seconds(created.byHand), "once"],
    ["  added", seconds(created.ours - created.trivial - created.byHand), "at most 2 s"],
  ]);
} finally {
  await ours.pulumi("destroy", "--yes", "--skip-preview");
  await runpod.close();
  ours.remove();
  trivial.remove();
}

/** How long the local RunPod and the gateway take by themselves. */
async function rentByHand(): Promise<number> {
  const [model] = runpod.account.pods();
  if (model === undefined) throw new Error("there is no pod to take for a model");
  const wanted = {
    gpuCount: model.gpuCount,
    gpuTypeIds: [model.gpuTypeId],
    clouds: [model.cloud],
    bidPerGpu: undefined,
  };
  const time = stopwatch();
  const { id } = runpod.account.rent({ ...model, wanted, stopAfter: undefined, terminateAfter: undefined });
  while ((await fetch(`${runpod.podUrl(id, 8080)}/healthz`)).status !== 200) await sleep(20);
  const taken = time();
  runpod.account.terminate(id);
  return taken;
}

async function up(stack: TestStack): Promise<number> {
  const time = stopwatch();
  const run = await stack.pulumi("up", "--yes", "--skip-preview");
  if (run.code !== 0) throw new Error(run.output);
  return time();
}
