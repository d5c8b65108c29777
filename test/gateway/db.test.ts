import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Database, openDatabase } from "../../gateway/db.ts";
import { until } from "../support/until.ts";

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
    await expect(failing).rejects.toThrow("UNIQUE constraint failed: keys.sha256");
    expect(await Promise.all([note, commit])).toEqual([1, 1]);
    expect(keys()).toEqual(["a", "b"]);
  });

  describe("whose disk takes its time", () => {
    /** What ends each sync that was begun. */
    let syncs: { end: () => void; fail: (error: Error) => void }[];
    beforeEach(() => {
      database.close();
      syncs = [];
      const sync = (): Promise<void> => new Promise((end, fail) => syncs.push({ end, fail }));
      database = openDatabase(join(folder, "jobs.db"), sync);
    });
    afterEach(() => syncs.forEach(({ end }) => end()));
    const begun = (count: number) => until(`${count} syncs`, () => syncs.length === count);
    /** What has ended by now. */
    const watch = (promises: Record<string, Promise<unknown>>): string[] => {
      const ended: string[] = [];
      for (const [name, promise] of Object.entries(promises)) {
        promise.then(
          () => ended.push(name),
          () => ended.push(`${name} failed`),
        );
      }
      return ended;
    };

    it("end when they are on it, and nobody is told of them before; notes end when they are written", async () => {
      const commit = database.commit(() => add("a").changes);
      await begun(1);
      expect(keys()).toEqual(["a"]);
      await database.note(() => add("b"));
      const ended = watch({ commit, read: database.read(keys) });
      await database.note(() => undefined);
      expect(ended).toEqual([]);
      syncs[0]?.end();
      expect(await commit).toBe(1);
      await until("the read ends", () => ended.length === 2);
      expect(syncs.length).toBe(1);
      expect(await database.read(keys)).toEqual(["a", "b"]);
    });

    it("that may be done again are brought to it soon, once for many, and nobody waits for that", async () => {
      await database.note(() => add("a"));
      await database.note(() => add("b"));
      expect(await database.read(keys)).toEqual(["a", "b"]);
      expect(syncs.length).toBe(0);
      await begun(1);
      const commit = database.commit(() => add("c"));
      await database.note(() => add("d"));
      syncs[0]?.end();
      // The commit's, which takes the last note along.
      await begun(2);
      syncs[1]?.end();
      await commit;
      expect(keys()).toEqual(["a", "b", "c", "d"]);
    });

    it("share the next sync when one goes on already", async () => {
      const first = database.commit(() => add("a"));
      await begun(1);
      const second = database.commit(() => add("b"));
      await database.note(() => undefined);
      const third = database.commit(() => add("c"));
      await database.note(() => undefined);
      const ended = watch({ first, second, third, read: database.read(keys) });
      syncs[0]?.end();
      await begun(2);
      await database.note(() => undefined);
      expect(ended).toEqual(["first"]);
      syncs[1]?.end();
      await Promise.all([second, third]);
      expect(syncs.length).toBe(2);
    });

    it("fail for good when it fails: nobody knows what it holds then", async () => {
      const commits = [database.commit(() => add("a"))];
      await begun(1);
      commits.push(database.commit(() => add("b")));
      await database.note(() => undefined);
      const outcomes = Promise.allSettled(commits);
      syncs[0]?.fail(new Error("EIO"));
      expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
      await expect(database.commit(() => add("c"))).rejects.toThrow("EIO");
      await expect(database.read(keys)).rejects.toThrow("EIO");
      expect(syncs.length).toBe(1);
    });
  });

  it("are not lost when the database is closed before their turn", async () => {
    const write = database.commit(() => add("late"));
    database.close();
    await write;
    database = openDatabase(join(folder, "jobs.db"));
    expect(keys()).toEqual(["late"]);
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
