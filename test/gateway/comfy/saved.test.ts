import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createViews } from "../../../gateway/comfy/saved.ts";
import type { OutputFile } from "../../../gateway/workflow/outputs.ts";
import { png, startGateway } from "../../support/gateway.ts";

const never = new AbortController().signal;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-saved-"));
  for (const each of ["output/a", "temp", "input"]) mkdirSync(join(folder, each), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (filename: string, subfolder = "", type = "output"): OutputFile => ({ filename, subfolder, type });
const save = (path: string, bytes: Buffer | string): void => writeFileSync(join(folder, path), bytes);
/** What a view gives: type and bytes, which are ComfyUI's when that was asked. */
async function view(wanted: OutputFile, abort = never): Promise<unknown> {
  const client = { view: () => Promise.resolve({ bytes: Readable.from(["ComfyUI's"]), contentType: undefined }) };
  const found = await createViews(client, folder).view(wanted, abort);
  return found && [found.contentType, (await buffer(found.bytes)).toString()];
}

describe("what a node saved on this machine", () => {
  it("is read where it lies", async () => {
    save("output/a/x.png", "picture");
    save("temp/y.WEBP", "preview");
    save("output/z.mp4", "z".repeat(200_000));
    expect(await view(file("x.png", "a"))).toEqual(["image/png", "picture"]);
    expect(await view(file("y.WEBP", "", "temp"))).toEqual(["image/webp", "preview"]);
    expect(await view(file("z.mp4"))).toEqual(["video/mp4", "z".repeat(200_000)]);
  });

  it("is not read on when it is not wanted any more", async () => {
    save("output/z.mp4", "z".repeat(200_000));
    await expect(view(file("z.mp4"), AbortSignal.abort())).rejects.toThrow("aborted");
  });

  it("makes a job's output without ComfyUI's help", async () => {
    const gateway = await startGateway({
      comfy: (comfy) => {
        comfy.onPrompt = ({ id }) => comfy.finish(id, { "3": { images: [file("x.png", "a")] } });
      },
      settings: (settings) => ({ ...settings, comfy: { ...settings.comfy, folder } }),
    });
    save("output/a/x.png", png);
    const { output } = await gateway.jobIn("completed", await gateway.run({ prompt: "x" }));
    const download = await gateway.request(`/files/${String(output?.result["image"])}/download`);
    expect(download.headers.get("content-type")).toBe("image/png");
    expect(Buffer.from(await download.arrayBuffer())).toEqual(png);
    await gateway.stop();
  });
});

describe("ComfyUI is asked", () => {
  it.each([
    ["that is not there", file("none.png")],
    ["that is a folder", file("a")],
    ["outside its folders", file("secret.png", "..")],
    ["outside, by an absolute path", file("secret.png", "/")],
    ["of a folder like another", file("x.png", "../output-old")],
    ["in another of its folders", file("x.png", "", "input")],
    ["of a type that has no folder", file("x.png", "", "..")],
    ["whose name says nothing", file("x.bin", "a")],
  ])("for a file %s", async (_what, wanted) => {
    mkdirSync(join(folder, "output-old"));
    for (const path of ["secret.png", "output-old/x.png", "input/x.png", "x.png", "output/a/x.bin"]) save(path, "no");
    expect(await view(wanted)).toEqual([undefined, "ComfyUI's"]);
  });

  it("for everything when its folder is not known", () => {
    const client = { view: () => Promise.resolve(undefined) };
    expect(createViews(client, null)).toBe(client);
  });
});
