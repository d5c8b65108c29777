import type { SQLOutputValue } from "node:sqlite";
import type { Delivery } from "../../contract/api.ts";
import type { Database } from "../db.ts";
import type { AttemptOutcome } from "./attempts.ts";

export interface DeliveryRecord {
  /** The event's id, which a receiver sees: `msg_…`. */
  id: string;
  jobId: string;
  url: string;
  state: Delivery["state"];
  /** How often it was tried since it was queued, the last time by a redelivery. */
  attempts: number;
  /** Milliseconds since the epoch. */
  nextAt: number;
  error: string | null;
  createdAt: string;
}

/** Deliveries that wait, and their past. The database itself queues one in the transaction that ends its job. */
export interface Outbox {
  /** Pending ones whose time has come, the longest due first, without those. */
  due(now: number, limit: number, without: ReadonlySet<string>): Promise<DeliveryRecord[]>;
  /** When the next one is due, without those; undefined when none waits. */
  nextAt(without: ReadonlySet<string>): Promise<number | undefined>;
  /** How many wait. */
  pending(): Promise<number>;
  /** Writes an attempt down. */
  attempted(id: string, outcome: AttemptOutcome, now: number): Promise<void>;
  /** A job's deliveries, oldest first. */
  ofJob(jobId: string): Promise<DeliveryRecord[]>;
  /** Queues the job's latest delivery anew, under its id; undefined when the job has none. */
  redeliver(jobId: string, now: number): Promise<DeliveryRecord | undefined>;
}

export function createOutbox(database: Database): Outbox {
  const without = "delivery_id NOT IN (SELECT value FROM json_each(:without))";
  const due = database.prepare(
    `SELECT * FROM deliveries WHERE state = 'pending' AND next_at <= :now AND ${without}
     ORDER BY next_at, sequence LIMIT :limit`,
  );
  const next = database.prepare(
    `SELECT min(next_at) AS next_at FROM deliveries WHERE state = 'pending' AND ${without}`,
  );
  const pending = database.prepare("SELECT count(*) AS deliveries FROM deliveries WHERE state = 'pending'");
  const attempted = database.prepare(
    `UPDATE deliveries SET state = :state, attempts = attempts + 1, error = :error, next_at = :nextAt
     WHERE delivery_id = :id`,
  );
  const ofJob = database.prepare("SELECT * FROM deliveries WHERE job_id = ? ORDER BY sequence");
  const redeliver = database.prepare(
    `UPDATE deliveries SET state = 'pending', attempts = 0, next_at = :now
     WHERE sequence = (SELECT max(sequence) FROM deliveries WHERE job_id = :jobId) RETURNING *`,
  );

  const list = (ids: ReadonlySet<string>): string => JSON.stringify([...ids]);
  return {
    due: (now, limit, ids) => database.read(() => due.all({ now, limit, without: list(ids) }).map(toRecord)),
    nextAt: (ids) =>
      database.read(() => {
        const at = next.get({ without: list(ids) })?.["next_at"];
        return typeof at === "number" ? at : undefined;
      }),
    pending: () => database.read(() => Number(pending.get()?.["deliveries"])),
    attempted: (id, outcome, now) =>
      database.commit(() => {
        const again = outcome.kind === "again";
        const state = again ? "pending" : outcome.kind === "delivered" ? "delivered" : "failed";
        const error = outcome.kind === "delivered" ? null : outcome.error;
        attempted.run({ id, state, error, nextAt: again ? now + outcome.afterMs : now });
      }),
    ofJob: (jobId) => database.read(() => ofJob.all(jobId).map(toRecord)),
    redeliver: (jobId, now) =>
      database.commit(() => {
        const row = redeliver.get({ jobId, now });
        return row && toRecord(row);
      }),
  };
}

function toRecord(row: Record<string, SQLOutputValue>): DeliveryRecord {
  return {
    id: String(row["delivery_id"]),
    jobId: String(row["job_id"]),
    url: String(row["url"]),
    state: row["state"] as DeliveryRecord["state"],
    attempts: Number(row["attempts"]),
    nextAt: Number(row["next_at"]),
    error: row["error"] as string | null,
    createdAt: String(row["created_at"]),
  };
}

/** A delivery as the API shows it. */
export function deliveryBody(record: DeliveryRecord): Delivery {
  const url = new URL(record.url);
  return {
    delivery_id: record.id,
    // Queries carry tokens.
    url: `${url.origin}${url.pathname}`,
    state: record.state,
    attempts: record.attempts,
    next_attempt_at: record.state === "pending" ? new Date(record.nextAt).toISOString() : null,
    error: record.error,
    created_at: record.createdAt,
  };
}
