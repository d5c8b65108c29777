import { DatabaseSync } from "node:sqlite";
import { isTerminal, type JobState } from "../../contract/api.ts";
import type { SeenJob } from "./caller.ts";
import type { Execution } from "./stage.ts";

/** A job as the gateway's database has it. */
export interface KeptJob {
  id: string;
  state: JobState;
  finishedAt: string | null;
  /** Its states, as its event log has them. */
  states: JobState[];
}

export interface Evidence {
  seen: readonly SeenJob[];
  kept: readonly KeptJob[];
  executions: readonly Execution[];
}

/** What is wrong, a line for each; empty when every accepted job has ended once and well. */
export function problemsOf({ seen, kept, executions }: Evidence): string[] {
  const problems: string[] = [];
  const keptById = new Map(kept.map((job) => [job.id, job]));
  const executionsOf = Map.groupBy(executions, ({ prompt }) => prompt);
  const owners = new Map<string, string>();

  for (const { prompt, id, job, isPictureRight } of seen) {
    const wrong = (what: string): void => void problems.push(`${prompt} (${id}) ${what}`);
    const other = owners.get(id);
    if (other !== undefined) wrong(`is ${other} too`);
    owners.set(id, prompt);

    if (job.state !== "completed") wrong(`is ${job.state}: ${job.error ?? ""}`);
    else if (isPictureRight !== true) wrong("has a picture that is not its own");
    const record = keptById.get(id);
    if (record === undefined) {
      wrong("was accepted and is lost");
      continue;
    }
    if (record.state !== job.state || record.finishedAt !== job.finished_at) {
      wrong(`had ended ${job.state} at ${job.finished_at}, and then ${record.state} at ${record.finishedAt}`);
    }
    if (record.states.filter(isTerminal).length !== 1 || record.states.at(-1) !== record.state) {
      wrong(`has the events ${record.states.join(", ")}`);
    }
    const runs = executionsOf.get(prompt) ?? [];
    if (runs.length === 0) wrong("was never run");
    if (new Set(runs.map(({ pid }) => pid)).size < runs.length) wrong("was run twice by one ComfyUI, which lived on");
    if (runs.some(({ at }) => at > Date.parse(job.finished_at ?? ""))) wrong("was run again after it had ended");
  }
  for (const { id } of kept) if (!owners.has(id)) problems.push(`job ${id} is nobody's: a request gave two jobs`);
  return problems;
}

/** What a gateway that has ended leaves in its database. */
export function keptJobs(database: string): KeptJob[] {
  const sqlite = new DatabaseSync(database, { readOnly: true });
  try {
    const rows = sqlite
      .prepare(
        `SELECT job_id AS id, state, finished_at AS finishedAt,
           (SELECT group_concat(data ->> 'state' ORDER BY sequence) FROM job_events
            WHERE job_id = jobs.job_id AND type = 'state') AS states
         FROM jobs`,
      )
      .all() as unknown as (Omit<KeptJob, "states"> & { states: string | null })[];
    return rows.map((row) => ({ ...row, states: (row.states?.split(",") ?? []) as JobState[] }));
  } finally {
    sqlite.close();
  }
}
