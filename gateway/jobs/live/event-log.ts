import type { JobProgress } from "../../../contract/api.ts";
import type { Database } from "../../db.ts";

/** Something that happened to a job. */
export interface JobEvent {
  /** Its id: grows, and is never given twice. */
  sequence: number;
  type: "state" | "progress";
  /** What the type says, parsed: `{"state": …}` or a progress. */
  data: unknown;
  /** ISO 8601 in UTC. */
  createdAt: string;
}

/** What happened to jobs, durably. Their states write themselves, together with the change; progress is put here. */
export interface EventLog {
  /** A job's events after that one, oldest first. */
  after(jobId: string, sequence: number, limit: number): Promise<JobEvent[]>;
  /** Writes down how far a running job is; nothing when it has ended meanwhile. */
  progress(jobId: string, progress: JobProgress): Promise<void>;
}

/** @param changed told of a job whose log grew, once that is written */
export function createEventLog(database: Database, changed: (jobId: string) => void): EventLog {
  const after = database.prepare(
    `SELECT sequence, type, data, created_at FROM job_events WHERE job_id = ? AND sequence > ?
     ORDER BY sequence LIMIT ?`,
  );
  const insert = database.prepare(
    `INSERT INTO job_events (job_id, type, data, created_at)
     SELECT :jobId, 'progress', :data, :now FROM jobs WHERE job_id = :jobId AND state = 'running'`,
  );
  return {
    after: (jobId, sequence, limit) =>
      database.read(() =>
        after.all(jobId, sequence, limit).map((row) => ({
          sequence: Number(row["sequence"]),
          type: row["type"] as JobEvent["type"],
          data: JSON.parse(String(row["data"])) as unknown,
          createdAt: String(row["created_at"]),
        })),
      ),
    progress: async (jobId, progress) => {
      const values = { jobId, data: JSON.stringify(progress), now: new Date().toISOString() };
      await database.note(() => insert.run(values));
      changed(jobId);
    },
  };
}
