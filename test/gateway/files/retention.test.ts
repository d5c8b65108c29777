import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Database, openDatabase } from "../../../gateway/db.ts";
import { createDiskFileStore, type DiskFileStoreOptions } from "../../../gateway/files/disk-store.ts";
import { toFree } from "../../../gateway/files/quota.ts";
import { type FileRecord, type FileStore, NoRoom } from "../../../gateway/files/store.ts";
import { blobPath, storedFiles } from "../../support/stored-files.ts";

const hour = 3_600_000;
const never = new AbortController().signal;

let folder: string;
let database: Database;
let clock: number;
let log: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-retention-"));
  database = openDatabase(join(folder, "jobs.db"));
  clock = Date.parse("2031-05-01T00:00:00Z");
  log = [];
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const store = (options: DiskFileStoreOptions): FileStore =>
  createDiskFileStore(database, join(folder, "files"), {
    now: () => clock,
    log: { info: (message) => log.push(message), warn: (message) => log.push(message) },
    ...options,
  });

/** Adds a file, a minute after the one before. */
async function add(files: FileStore, text: string, source: FileRecord["source"] = "uploaded"): Promise<FileRecord> {
  clock += 60_000;
  const bytes = (async function* () {
    yield await Promise.resolve(Buffer.from(text));
  })();
  return await files.add(bytes, { mediaType: "text/plain", source, appId: null, originalName: null }, 1e9);
}

const left = async (files: FileStore): Promise<string[]> => {
  const { files: all } = await files.list({}, 1000, null);
  const blobs = storedFiles(join(folder, "files"));
  expect(blobs).toEqual([...new Set(all.map(({ sha256 }) => blobPath(sha256)))].sort());
  return all.map(({ id }) => id).reverse();
};

/** A job in the table, with nothing behind it. */
function job(id: string, state: string, inputs: unknown): void {
  database
    .prepare("INSERT INTO jobs (job_id, state, inputs, created_at) VALUES (?, ?, ?, '2031-05-01T00:00:00Z')")
    .run(id, state, JSON.stringify(inputs));
}

describe("a sweep", () => {
  it("removes files that are older than they are kept, uploaded and generated", async () => {
    const files = store({ ttlMs: hour });
    await add(files, "old upload");
    await add(files, "old output", "generated");
    clock += hour;
    const young = await add(files, "young", "generated");
    await files.sweep(never);
    expect(await left(files)).toEqual([young.id]);
  });

  it("keeps what a queued or running job takes, until it has ended", async () => {
    const files = store({ ttlMs: hour });
    const taken = [await add(files, "one"), await add(files, "two")];
    job("j1", "queued", { a: taken[0]?.id, n: 3 });
    job("j2", "running", { b: taken[1]?.id });
    clock += 2 * hour;
    await files.sweep(never);
    expect(await left(files)).toEqual(taken.map(({ id }) => id));
    database.prepare("UPDATE jobs SET state = 'canceled'").run();
    await files.sweep(never);
    expect(await left(files)).toEqual([]);
  });

  it("keeps what somebody holds, as often as it is held", async () => {
    const files = store({ ttlMs: hour });
    const { id } = await add(files, "held");
    const releases = [files.hold(id), files.hold(id)];
    clock += 2 * hour;
    for (const release of releases) {
      await files.sweep(never);
      expect(await left(files)).toEqual([id]);
      expect(await files.remove(id)).toBe("in_use");
      release();
      // Of no effect the second time.
      if (release === releases[0]) release();
    }
    await files.sweep(never);
    expect(await left(files)).toEqual([]);
  });

  it("keeps bytes that a younger file has too", async () => {
    const files = store({ ttlMs: hour });
    await add(files, "same");
    clock += hour;
    const young = await add(files, "same");
    await files.sweep(never);
    expect(await left(files)).toEqual([young.id]);
  });

  it("removes thousands, and nothing when files are kept for ever", async () => {
    const forever = store({});
    for (let at = 0; at < 250; at++) await add(forever, `file ${at}`);
    clock += 1e6 * hour;
    await forever.sweep(never);
    expect(await left(forever)).toHaveLength(250);
    const files = store({ ttlMs: hour });
    await files.sweep(never);
    expect((await files.list({}, 1000, null)).files).toEqual([]);
  });
});

describe("a quota", () => {
  const rejects = (adding: Promise<unknown>) => expect(adding).rejects.toThrow(NoRoom);

  it("makes the oldest go for a new file, and no more of them than are needed", async () => {
    const files = store({ quotaBytes: 30 });
    await add(files, "0123456789");
    const second = await add(files, "abcdefghij");
    const third = await add(files, "ABCDEFGHIJ");
    const fourth = await add(files, "four");
    expect(await left(files)).toEqual([second.id, third.id, fourth.id]);
    expect(log).toEqual(["files removed to make room"]);
  });

  it("counts equal bytes once, and takes the day they came last for their age", async () => {
    const files = store({ quotaBytes: 25 });
    const [one, other] = [await add(files, "0123456789"), await add(files, "abcdefghij")];
    const again = await add(files, "0123456789");
    expect(await left(files)).toEqual([one.id, other.id, again.id]);
    const last = await add(files, "ABCDEFGHIJ");
    expect(await left(files)).toEqual([one.id, again.id, last.id]);
  });

  it("refuses an upload when too little can go, and lets everything stay then", async () => {
    const files = store({ quotaBytes: 30 });
    const taken = await add(files, "taken by a job......");
    const free = await add(files, "free");
    job("j1", "queued", { a: taken.id });
    await rejects(add(files, "more than is free"));
    expect(await left(files)).toEqual([taken.id, free.id]);
    await rejects(add(files, "more than the quota altogether"));
    expect(await left(files)).toEqual([taken.id, free.id]);
  });

  it("lets no upload go for one that is refused, and none of a held file's bytes", async () => {
    const files = store({ quotaBytes: 20 });
    const held = await add(files, "0123456789");
    const same = await add(files, "0123456789");
    const release = files.hold(held.id);
    await rejects(add(files, "twelve bytes"));
    release();
    const next = await add(files, "twelve bytes");
    expect(await left(files)).toEqual([next.id]);
    expect(await files.get(same.id)).toBeUndefined();
  });

  it("is kept by uploads that come at the same time", async () => {
    const files = store({ quotaBytes: 100 });
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, (_, at) => add(files, `${at}`.padEnd(40, "."))),
    );
    const stored = results.filter(({ status }) => status === "fulfilled").length;
    expect(stored).toBeGreaterThanOrEqual(1);
    expect((await left(files)).length).toBeLessThanOrEqual(2);
    for (const each of results) if (each.status === "rejected") expect(each.reason).toBeInstanceOf(NoRoom);
    // What was refused left no claim behind.
    await add(files, "x".repeat(100));
    expect(await left(files)).toHaveLength(1);
  });

  it("never refuses an output, nor removes a young one", async () => {
    const files = store({ quotaBytes: 20, ttlMs: hour });
    await add(files, "upload");
    const outputs = [
      await add(files, "fifteen bytes..", "generated"),
      await add(files, "fifteen bytes!!", "generated"),
    ];
    expect(await left(files)).toEqual(outputs.map(({ id }) => id));
    expect(log).toContain("files take more than their quota, and none of them can go");
    await rejects(add(files, "x"));
    clock += hour;
    const upload = await add(files, "x");
    expect(await left(files)).toEqual([outputs[1]?.id, upload.id]);
  });

  it("that was made smaller is kept from the next sweep on", async () => {
    const before = store({});
    await add(before, "0123456789");
    const young = await add(before, "abcdefghij");
    const files = store({ quotaBytes: 10 });
    await files.sweep(never);
    expect(await left(files)).toEqual([young.id]);
  });
});

describe("what is to be freed", () => {
  const blob = (sha256: string, sizeBytes: number) => ({ sha256, sizeBytes, fileIds: [] });
  it.each([
    [[5, 5, 5], 0, []],
    [[5, 5, 5], 1, ["0"]],
    [[5, 5, 5], 6, ["0", "1"]],
    [[5, 5, 5], 15, ["0", "1", "2"]],
    [[5, 5, 5], 16, undefined],
    [[], 1, undefined],
  ])("of %j for %i bytes is %j", (sizes, bytes, chosen) => {
    const blobs = sizes.map((size, at) => blob(String(at), size));
    expect(toFree(blobs, bytes)?.map(({ sha256 }) => sha256)).toEqual(chosen);
  });
});

describe("a file whose row cannot be written", () => {
  it("leaves no bytes after the next start", async () => {
    const files = store({});
    const broken: Database = { ...database, commit: () => Promise.reject(new Error("database is broken")) };
    const failing = createDiskFileStore(broken, join(folder, "files"));
    await expect(add(failing, "text")).rejects.toThrow("database is broken");
    await files.recover();
    expect(await left(files)).toEqual([]);
  });
});
