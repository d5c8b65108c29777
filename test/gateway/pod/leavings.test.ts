import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "../../../gateway/log.ts";
import { createLeavings, type Leavings, oldFiles } from "../../../gateway/pod/leavings.ts";
import { startGateway } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

it("a gateway removes what its ComfyUI left long ago", async () => {
  let outputs = "";
  const gateway = await startGateway({
    ready: false,
    settings: (settings) => {
      outputs = join(settings.comfy.folder ?? "", "output");
      mkdirSync(outputs, { recursive: true });
      writeFileSync(join(outputs, "old"), "");
      utimesSync(join(outputs, "old"), 0, 0);
      // As large as what stays in any case.
      writeFileSync(join(outputs, "new"), "");
      truncateSync(join(outputs, "new"), 1024 ** 3 + 1);
      return settings;
    },
  });
  await until("the old one is gone", () => readdirSync(outputs).join() === "new");
  await gateway.stop();
});

describe("files that ComfyUI left", () => {
  const files = [
    { name: "old", size: 40, at: 1 },
    { name: "older", size: 40, at: 0 },
    { name: "young", size: 40, at: 9 },
  ];
  it.each([
    ["are old when no prompt can need them", 5, 0, ["old", "older"]],
    ["stay when they are the newest bytes, whatever their age", 5, 80, ["older"]],
    ["stay where all of them are few", 99, 120, []],
    ["stay while a prompt may need them, however many they are", 0, 0, []],
  ] as [string, number, number, string[]][])("%s", (_, before, keptBytes, old) => {
    expect(oldFiles(files, before, keptBytes).map(({ name }) => name)).toEqual(old);
  });
});

describe("the folders that ComfyUI writes to", () => {
  let folder: string;
  let leavings: Leavings | undefined;
  const lines: Record<string, unknown>[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-leavings-"));
  });
  afterEach(async () => {
    await leavings?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const at = (path: string): string => join(folder, path);
  const put = (path: string, ageMs: number): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), "picture");
    const time = new Date(Date.now() - ageMs);
    utimesSync(at(path), time, time);
  };
  const hour = 3_600_000;

  it("lose what ended prompts left, with its folders, and keep all else", async () => {
    put("output/job-1/cards/image.png", 3 * hour);
    put("output/job-2/image.png", 0);
    put("temp/preview.png", 3 * hour);
    put("input/example.png", 3 * hour);
    const folders = [at("output"), at("temp"), at("input/comfy-endpoints")];
    const log = createLog((line) => lines.push(JSON.parse(line) as Record<string, unknown>));
    leavings = createLeavings({ folders, neededMs: hour, keptBytes: 0, log });
    leavings.start();
    await until("it was told", () => lines.length > 0);
    expect([readdirSync(at("output")), readdirSync(at("temp"))]).toEqual([["job-2"], []]);
    expect(existsSync(at("input/example.png"))).toBe(true);
    expect(lines).toMatchObject([{ level: "info", files: 2 }]);
  });

  it("are looked at again and again", async () => {
    leavings = createLeavings({
      ...{ folders: [at("output")], neededMs: hour, keptBytes: 0, everyMs: 10 },
      log: createLog(() => undefined),
    });
    leavings.start();
    for (const name of ["one", "two"]) {
      put(`output/${name}`, 3 * hour);
      await until(`${name} is gone`, () => !existsSync(at(`output/${name}`)));
    }
  });
});
