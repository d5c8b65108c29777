import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ContractOutput } from "../../../contract/workflow-contract.ts";
import { Unreachable, type View } from "../../../gateway/comfy/client.ts";
import { type Database, openDatabase } from "../../../gateway/db.ts";
import { createDiskFileStore } from "../../../gateway/files/disk-store.ts";
import type { FileStore } from "../../../gateway/files/store.ts";
import { createOutputs, type Outputs } from "../../../gateway/jobs/outputs.ts";
import type { OutputFile } from "../../../gateway/workflow/outputs.ts";
import { until } from "../../support/until.ts";

const image: ContractOutput = { name: "image", type: "image/png", node_id: "3", multiple: true };
const file = (filename: string): OutputFile => ({ filename, subfolder: "j1", type: "output" });
const promptId = "p1";
const never = new AbortController().signal;

let folder: string;
let database: Database;
let files: FileStore;
/** Names of the files that ComfyUI was asked for. */
let asked: string[];
/** How many more times ComfyUI does not answer. */
let failures: number;
let outputs: Outputs;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-outputs-"));
  database = openDatabase(join(folder, "jobs.db"));
  files = createDiskFileStore(database, join(folder, "files"));
  asked = [];
  failures = 0;
  const view = ({ filename }: OutputFile): Promise<View> => {
    asked.push(filename);
    if (failures-- > 0) return Promise.reject(new Unreachable("cut"));
    return Promise.resolve({ bytes: Readable.from([Buffer.from(filename)]), contentType: "image/png" });
  };
  outputs = createOutputs({ client: { view }, files, appId: null });
  outputs.begin(promptId, [image], never);
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

const executed = (...names: string[]): void =>
  outputs.event({ kind: "executed", promptId, node: "3", output: { images: names.map(file) } });
const ended = (id = promptId): void => outputs.event({ kind: "ended", promptId: id });
const store = (...names: string[]) => outputs.store([{ output: image, files: names.map(file) }]);
const stored = async () => (await files.list({}, 50, null)).files;

describe("the files of a prompt", () => {
  it("are fetched once when it ends, before its history is read", async () => {
    executed("a.png", "b.png");
    expect(asked).toEqual([]);
    ended();
    await until("both are stored", async () => (await stored()).length === 2);
    ended();
    const result = await store("a.png", "b.png");
    await outputs.end();
    expect(asked).toEqual(["a.png", "b.png"]);
    expect(result["image"]).toEqual((await stored()).map(({ id }) => id).reverse());
  });

  it("are those of the history, whatever was told before; what was fetched in vain is dropped", async () => {
    executed("old.png");
    ended();
    const result = await store("newer.png");
    await outputs.end();
    expect((await stored()).map(({ id }) => [id])).toEqual([result["image"]]);
    expect((await stored())[0]?.sizeBytes).toBe("newer.png".length);
  });

  it("are dropped when it has no result", async () => {
    executed("a.png");
    ended();
    await outputs.end();
    expect([asked, await stored()]).toEqual([["a.png"], []]);
  });

  it("are fetched again when ComfyUI did not answer at first", async () => {
    failures = 1;
    executed("a.png");
    ended();
    const result = await store("a.png");
    expect(asked).toEqual(["a.png", "a.png"]);
    expect(result["image"]).toEqual((await stored()).map(({ id }) => id));
  });

  it("are not those of another prompt", async () => {
    executed("a.png");
    ended("p2");
    await outputs.end();
    expect(asked).toEqual([]);
  });
});
