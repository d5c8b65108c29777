import type { StatementSync } from "node:sqlite";
import type { JobState } from "../../contract/api.ts";
import type { Database } from "../db.ts";
import { headColumns, toHead } from "./sqlite-rows.ts";
import type { JobCursor, JobFilter, JobHead } from "./store.ts";

// After and before every time.
const never = { first: "", last: "~" };

/** Lists jobs by walking an index, however many there are. */
export function createJobList(
  database: Database,
): (filter: JobFilter, limit: number, cursor: JobCursor | null) => JobHead[] {
  const prepare = (condition: string): StatementSync =>
    database.prepare(
      `SELECT ${headColumns} FROM jobs
       WHERE ${condition} (created_at, sequence) < (:before, :sequence) AND created_at > :after
       ORDER BY created_at DESC, sequence DESC LIMIT :limit`,
    );
  const all = prepare("");
  const ofState = prepare("state = :state AND");

  return ({ states, createdAfter = never.first, createdBefore = never.last }, limit, cursor) => {
    // A cursor is a job of a page that held to the filter.
    const end = cursor ?? { createdAt: createdBefore, sequence: 0 };
    const bounds = { before: end.createdAt, sequence: end.sequence, after: createdAfter, limit };
    if (states === undefined) return all.all(bounds).map(toHead);
    const each = (state: JobState): JobHead[] => ofState.all({ ...bounds, state }).map(toHead);
    // The newest of all are among the newest of each.
    return [...new Set(states)].flatMap(each).sort(newestFirst).slice(0, limit);
  };
}

const newestFirst = (a: JobCursor, b: JobCursor): number =>
  a.createdAt === b.createdAt ? b.sequence - a.sequence : a.createdAt < b.createdAt ? 1 : -1;
