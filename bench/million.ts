/** `npm run bench -- million`: what listing and getting jobs costs when there are a million of them. */
import { join } from "node:path";
import { openDatabase } from "../gateway/db.ts";
import { median, milliseconds, print, stopwatch } from "./measure.ts";
import { type Client, createClient } from "./support/client.ts";
import { createBench, key } from "./support/programs.ts";

const sizes = { few: 1000, many: 1_000_000 };
const rounds = 200;
const since = Date.now() - 13 * 86_400_000;
const idOf = (number: number): string => number.toString(16).padStart(32, "0");
const timeOf = (number: number): number => since + number * 1000;

const bench = createBench();
try {
  const { few, many } = { few: await gatewayWith(sizes.few), many: await gatewayWith(sizes.many) };
  const asked: Record<string, (size: number, round: number) => string> = {
    "the newest 50": () => "/jobs",
    "50 from the middle": (size) => `/jobs?cursor=${timeOf(size / 2)}-${size / 2}`,
    "the newest 50 that failed": () => "/jobs?state=failed",
    "50 that failed or were canceled, from the middle": (size) =>
      `/jobs?state=failed,canceled&created_before=${new Date(timeOf(size / 2)).toISOString()}`,
    "one job": (size, round) => `/jobs/${idOf(1 + ((round * 7919) % size))}`,
  };
  for (const [name, path] of Object.entries(asked)) {
    const times = { few: [] as number[], many: [] as number[] };
    for (let round = -20; round < rounds; round++) {
      const took = {
        few: await timed(few, path(sizes.few, round + 20)),
        many: await timed(many, path(sizes.many, round + 20)),
      };
      if (round < 0) continue;
      times.few.push(took.few);
      times.many.push(took.many);
    }
    print([
      [`${name}, of ${sizes.many} jobs`, milliseconds(median(times.many)), `median of ${rounds}`],
      [`  of ${sizes.few}`, milliseconds(median(times.few)), ""],
      ["  ratio", (median(times.many) / median(times.few)).toFixed(2), "at most 1.50"],
    ]);
  }
} finally {
  await bench.close();
}

/** Milliseconds until the answer is there. */
async function timed({ ask }: Client, path: string): Promise<number> {
  const time = stopwatch();
  await ask(path);
  return time();
}

/** A gateway whose jobs have ended, one a second over the last days. */
async function gatewayWith(jobs: number): Promise<Client> {
  const name = `jobs-${jobs}`;
  const database = openDatabase(join(bench.folder, name, "jobs.db"));
  // What they were before is of no use here, but for the events of their ends.
  const insert = database.prepare(
    `INSERT INTO jobs (job_id, state, error, prompt_id, attempts, created_at, started_at, finished_at, boot_ms, inputs, result)
     WITH RECURSIVE numbers (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)
     SELECT printf('%032x', n), state, CASE state WHEN 'failed' THEN 'PROMPT_FAILED:node 3 (KSampler): out of memory' END,
       printf('%08x-0000-4000-8000-000000000000', n), 1, at, at, at, 0, '{"color":1,"seconds":0.5,"steps":4}',
       CASE state WHEN 'completed' THEN '{"image":"fid_00000000000000000000000000000000"}' END
     FROM (SELECT n, CASE n % 20 WHEN 7 THEN 'failed' WHEN 13 THEN 'canceled' ELSE 'completed' END AS state,
             strftime('%Y-%m-%dT%H:%M:%fZ', (:since + n * 1000) / 1000.0, 'unixepoch') AS at FROM numbers)`,
  );
  const atOnce = 50_000;
  for (let first = 1; first <= jobs; first += atOnce) {
    const last = Math.min(jobs, first + atOnce - 1);
    await database.commit(() => insert.run({ first, last, since }));
  }
  database.close();
  // Nothing listens there, and nothing has to: there is nothing to run.
  const gateway = bench.startGateway(name, "http://127.0.0.1:9");
  return createClient(await gateway.url(), { "x-api-key": key });
}
