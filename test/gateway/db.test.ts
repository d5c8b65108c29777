import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Database, openDatabase } from "../../gateway/db.ts";

let folder: string;
let database: Database;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-db-"));
  database = openDatabase(join(folder, "jobs.db"));
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

const keys = () =>
  database
    .prepare("SELECT name FROM keys ORDER BY name")
    .all()
    .map(({ name }) => name);
const add = (name: string, sha256 = name) =>
  database.prepare("INSERT INTO keys VALUES (?, ?, 'run', 'now')").run(name, sha256);

describe("writes to the gateway's database", () => {
  it("are done together, each with its own value, and not before whoever asked waits", async () => {
    const first = database.commit(() => add("a").changes);
    const second = database.commit(() => "second");
    expect(keys()).toEqual([]);
    expect(await Promise.all([first, second])).toEqual([1, "second"]);
    expect(keys()).toEqual(["a"]);
  });

  it("are undone alone when they fail, whatever they had written", async () => {
    const good = database.commit(() => add("good"));
    const bad = database.commit(() => {
      add("half");
      return add("double", "good");
    });
    const later = database.commit(() => add("later"));
    await expect(bad).rejects.toThrow("UNIQUE constraint failed: keys.sha256");
    await Promise.all([good, later]);
    expect(keys()).toEqual(["good", "later"]);
  });

  it("that may be done again are in the same order as the others, and no less written", async () => {
    const note = database.note(() => add("a", "1").changes);
    const commit = database.commit(() => add("b", "2").changes);
    const failing = database.note(() => add("c", "1"));
    expect(await Promise.all([note, commit])).toEqual([1, 1]);
    await expect(failing).rejects.toThrow("UNIQUE constraint failed: keys.sha256");
    await database.note(() => add("d", "4"));
    const synchronous = (): unknown => database.prepare("PRAGMA synchronous").get()?.["synchronous"];
    expect(await database.note(synchronous)).toBe(1);
    expect(await Promise.all([database.note(synchronous), database.commit(synchronous)])).toEqual([2, 2]);
    expect(synchronous()).toBe(2);
    expect(keys()).toEqual(["a", "b", "d"]);
  });

  it("are not lost when the database is closed before their turn", async () => {
    const write = database.commit(() => add("late"));
    database.close();
    await write;
    database = openDatabase(join(folder, "jobs.db"));
    expect(keys()).toEqual(["late"]);
  });

  it("are told to who listens, once for all that went together", async () => {
    let told = 0;
    database.onCommit(() => told++);
    await Promise.all([database.commit(() => add("a")), database.commit(() => add("b"))]);
    expect(told).toBe(1);
    await expect(database.commit(() => add("a"))).rejects.toThrow("UNIQUE");
    await database.commit(() => add("c"));
    expect(told).toBe(3);
  });

  it("leave an event for every state of a job, and a delivery where a webhook waits for its end", async () => {
    const insert = database.prepare(
      "INSERT INTO jobs (job_id, state, inputs, webhook_url, created_at) VALUES (?, 'queued', '{}', ?, 'now')",
    );
    const move = database.prepare("UPDATE jobs SET state = ? WHERE job_id = 'j1'");
    await database.commit(() => {
      insert.run("j1", "https://example.org/hook");
      for (const state of ["running", "queued", "running", "completed"]) move.run(state);
    });
    const events = database.prepare("SELECT type, data FROM job_events ORDER BY sequence").all();
    expect(events.map(({ type, data }) => [type, JSON.parse(String(data)) as unknown])).toEqual(
      ["queued", "running", "queued", "running", "completed"].map((state) => ["state", { state }]),
    );
    const deliveries = database.prepare("SELECT job_id, url, state, attempts FROM deliveries").all();
    expect(deliveries.map((row) => ({ ...row }))).toEqual([
      { job_id: "j1", url: "https://example.org/hook", state: "pending", attempts: 0 },
    ]);
  });
});

describe("the gateway's database", () => {
  it("is not made of another program's", () => {
    const path = join(folder, "theirs.db");
    const theirs = new DatabaseSync(path);
    theirs.exec("CREATE TABLE jobs (job_id TEXT)");
    theirs.close();
    expect(() => openDatabase(path)).toThrow(
      `${path} is no database of this gateway's, but holds tables; give the path of a new file`,
    );
  });

  it("is not shared by two gateways", () => {
    expect(() => openDatabase(join(folder, "jobs.db"))).toThrow(
      "another gateway uses it: stop that one, or give this one a file of its own",
    );
  });
});
