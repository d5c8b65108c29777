import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StandIn, startStandIn } from "../stand-in.ts";

let comfy: StandIn;
beforeAll(async () => {
  comfy = await startStandIn();
});
afterAll(() => comfy.close());

const node = (class_type: string, inputs: object) => ({ class_type, inputs });
const through = (type: string, value: unknown) =>
  comfy.run({
    "1": node("ApiInput", { name: "in", type, required: true, value }),
    "2": node("ApiOutput", { name: "out", type, value: ["1", 0] }),
  });
const failed = ({ status }: Awaited<ReturnType<StandIn["run"]>>) => status.messages.at(-1);

describe("values of the API", () => {
  it.each([
    ["string", "fog", "fog"],
    ["integer", "7", 7],
    ["number", 1.5, 1.5],
    ["boolean", true, true],
    ["boolean", "false", false],
    ["object", '{"a": 1}', { a: 1 }],
    ["array", "[1, 2]", [1, 2]],
  ])("come through a workflow as what the contract says they are: %s", async (type, value, expected) => {
    expect((await through(type, value)).outputs).toEqual({ "2": { value: [expected] } });
  });

  it("are missing when nothing is connected", async () => {
    const entry = await comfy.run({ "1": node("ApiOutput", { name: "out", type: "string" }) });
    expect(failed(entry)).toMatchObject([
      "execution_error",
      {
        exception_type: "ValueError",
        exception_message: 'output "out" has neither a value nor an image; connect one of them\n',
      },
    ]);
  });
});

describe("files of the API", () => {
  it("are the card with the prompt, saved under its prefix", async () => {
    const card = node("PromptCard", { prompt: "fog", width: 128, height: 64 });
    const output = { name: "card", type: "image/png", image: ["1", 0], filename_prefix: "jobs/1/card" };
    const { outputs } = await comfy.run({ "1": card, "2": node("ApiOutput", output) });
    expect(outputs).toEqual({
      "2": { images: [{ filename: "card_00001_.png", subfolder: "jobs/1", type: "output" }] },
    });
    const { width, height } = PNG.sync.read(readFileSync(join(comfy.folders.output, "jobs/1/card_00001_.png")));
    expect([width, height]).toEqual([128, 64]);
  });

  it("are PNG only here", async () => {
    const card = node("PromptCard", { prompt: "fog", width: 64, height: 64 });
    const output = { name: "card", type: "image/webp", image: ["1", 0] };
    expect(failed(await comfy.run({ "1": card, "2": node("ApiOutput", output) }))).toMatchObject([
      "execution_error",
      { exception_message: 'an image cannot be saved as "image/webp" here; use image/png\n' },
    ]);
  });

  it("are copies of what a value names", async () => {
    const source = join(comfy.folders.temp, "sound.flac");
    writeFileSync(source, "sound");
    const copy = (value: string) =>
      comfy.run({
        "1": node("ApiOutput", { name: "sound", type: "audio/flac", value: ["2", 0] }),
        "2": node("ApiInput", { name: "in", type: "string", required: true, value }),
      });
    const { outputs } = await copy(source);
    expect(outputs).toEqual({
      "1": { files: [{ filename: "sound_00001_.flac", subfolder: "", type: "output" }] },
    });
    expect(readFileSync(join(comfy.folders.output, "sound_00001_.flac"), "utf8")).toBe("sound");
    expect(failed(await copy("/nowhere"))).toMatchObject([
      "execution_error",
      { exception_message: 'output "sound" names the file /nowhere, which is not there\n' },
    ]);
  });
});
