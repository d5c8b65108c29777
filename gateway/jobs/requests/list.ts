import type { z } from "zod";
import type { JobState, jobListQuery } from "../../../contract/api.ts";
import type { JobCursor, JobFilter } from "../store.ts";

export interface ListRequest {
  filter: JobFilter;
  limit: number;
  cursor: JobCursor | null;
}

const usualLimit = 50;

/** What a checked query asks for. */
export function listRequest(query: z.output<typeof jobListQuery>): ListRequest {
  const { state, created_after: after, created_before: before, limit, cursor } = query;
  return {
    filter: {
      ...(state !== undefined && { states: state.split(",") as JobState[] }),
      ...(after !== undefined && { createdAfter: stored(Date.parse(after)) }),
      ...(before !== undefined && { createdBefore: stored(Date.parse(before)) }),
    },
    limit: limit === undefined ? usualLimit : Number(limit),
    cursor: cursor === undefined ? null : parseCursor(cursor),
  };
}

/** A time as the store has it. */
const stored = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Where the next page begins, as text of digits. */
export const cursorText = ({ createdAt, sequence }: JobCursor): string => `${Date.parse(createdAt)}-${sequence}`;

function parseCursor(text: string): JobCursor {
  const [at, sequence] = text.split("-").map(Number);
  return { createdAt: stored(at ?? 0), sequence: sequence ?? 0 };
}
