import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { FileObject, Health, JobSummary, KeyView } from "../../contract/api.ts";
import { storedFiles } from "../support/stored-files.ts";
import { until } from "../support/until.ts";
import type { Tally } from "./sender.ts";
import type { Memory, Stage } from "./stage.ts";

interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

/** What is there after a run that should not be, or is not there that should be. The gateway is stopped. */
export async function aftermath(stage: Stage, { jobs, files, formRuns }: Tally): Promise<string[]> {
  const { ask, gateway, folder, state } = stage;
  const problems: string[] = [];
  const expect = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const all = async <T>(path: string): Promise<T[]> => {
    const found: T[] = [];
    for (let cursor: string | null | undefined = ""; cursor !== null && cursor !== undefined; ) {
      const page = (await (await ask("GET", `${path}${cursor === "" ? "" : `&cursor=${cursor}`}`)).json()) as Page<T>;
      found.push(...page.items);
      cursor = page.next_cursor;
    }
    return found;
  };

  expect(
    ((await (await ask("GET", "/healthz")).json()) as Health).status === "ok",
    "the gateway is not ready any more",
  );
  await until("every job ends", async () => (await all("/jobs?limit=1&state=queued,running")).length === 0, 60);
  const listed = new Set((await all<JobSummary>("/jobs?limit=200")).map(({ job_id: id }) => id));
  const untold = [...listed].filter((id) => !jobs.has(id));
  expect(untold.length === 0, `jobs that no caller was told of are in the list: ${untold.join(", ")}`);
  expect(
    [...jobs].every((id) => listed.has(id)),
    "a job that a caller was told of is not in the list",
  );

  const stored = await all<FileObject>("/files?limit=200");
  const ids = new Set(stored.map(({ file_id: id }) => id));
  const lost = [...files].filter((id) => !ids.has(id));
  expect(lost.length === 0, `files that callers were told of are not in the list: ${lost.join(", ")}`);
  const strays = stored.filter(({ file_id: id, source }) => source === "uploaded" && !files.has(id));
  expect(strays.length <= formRuns, `${strays.length} files are left of requests, of which ${formRuns} were taken`);
  for (const id of ids) await ask("DELETE", `/files/${id}`);
  for (const { name } of await all<KeyView>("/admin/keys?")) await ask("DELETE", `/admin/keys/${name}`);
  expect((await all("/files?limit=1")).length === 0, "a file cannot be deleted");
  expect((await all("/admin/keys?")).length === 0, "a key cannot be deleted");
  const left = storedFiles(join(state, "files"));
  expect(left.length === 0, `bytes of no file are left: ${left.join(", ")}`);

  gateway.process.kill("SIGTERM");
  expect((await gateway.exit()) === 0, "the gateway does not stop cleanly");
  expect(gateway.stderr() === "", `the gateway wrote to stderr: ${gateway.stderr()}`);
  const faults = gateway
    .stdout()
    .split("\n")
    .filter((line) => line.includes('"level":"error"'));
  expect(faults.length === 0, `the gateway logged ${faults.length} faults: ${faults.slice(0, 3).join("\n")}`);
  const around = readdirSync(folder).sort();
  const wanted = ["comfyui", "contract.json", "home", "secret.txt", "state", "tmp", "workflow.json"];
  expect(around.join() === wanted.join(), `there is something beside the data: ${around.join(", ")}`);
  for (const empty of ["tmp", "home"]) {
    const found = readdirSync(join(folder, empty));
    expect(found.length === 0, `there is something in ${empty}: ${found.join(", ")}`);
  }
  const database = new DatabaseSync(join(state, "jobs.db"), { readOnly: true });
  const rows = (sql: string): number => Number(database.prepare(`SELECT count(*) AS n FROM ${sql}`).get()?.["n"]);
  expect(rows("files") + rows("job_inputs") + rows("keys") === 0, "rows of files or keys are left");
  expect(rows("jobs") === listed.size, "rows of jobs are left that are in no list");
  expect(rows("job_events WHERE job_id NOT IN (SELECT job_id FROM jobs)") === 0, "events of no job are left");
  database.close();
  return problems;
}

/**
 * How much more memory than before there may be, in MiB. What is in use tells whether something is kept; how much room the
 * process keeps for it is V8's choice, and differs from run to run: 100 to 150 MiB were seen.
 */
export const memoryBounds: Memory = { resident: 160, inUse: 8 };

/** Waits until a gateway has no more memory than before, but for the bounds; answers how much more it has, in MiB. */
export async function memoryAbove(stage: Stage, before: Memory): Promise<Memory> {
  const { resident, inUse } = memoryBounds;
  let above: Memory = { resident: Number.NaN, inUse: Number.NaN };
  const settled = async (): Promise<boolean> => {
    const now = await stage.memory();
    above = { resident: now.resident - before.resident, inUse: now.inUse - before.inUse };
    return above.resident <= resident && above.inUse <= inUse;
  };
  // What connections and jobs hold goes with the last of them.
  await until("memory settles", settled, 30).catch(() => undefined);
  return above;
}
