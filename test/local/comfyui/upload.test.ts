import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StandIn, startStandIn, trouble } from "./stand-in.ts";

let comfy: StandIn;
beforeAll(async () => {
  comfy = await startStandIn({ maxUploadBytes: 1000 });
});
afterAll(() => comfy.close());

type Part = [bytes: string | Buffer<ArrayBuffer>, name: string];
const upload = async ([bytes, name]: Part, fields: Record<string, string> = {}, field = "image") => {
  const form = new FormData();
  form.set(field, new Blob([bytes]), name);
  for (const [key, value] of Object.entries(fields)) form.set(key, value);
  const response = await fetch(`${comfy.url}/upload/image`, { method: "POST", body: form });
  const text = await response.text();
  return [response.status, text.startsWith("{") ? JSON.parse(text) : text] as [number, unknown];
};
const input = (name: string): string => readFileSync(join(comfy.folders.input, name), "utf8");
const taken = (name: string, subfolder = "", type = "input") => [200, { name, subfolder, type }];

// All of it was observed on ComfyUI 0.33.
describe("an upload", () => {
  it("keeps its name while the bytes are the same; other bytes get a number", async () => {
    expect(await upload(["one", "in.png"])).toEqual(taken("in.png"));
    expect(await upload(["one", "in.png"])).toEqual(taken("in.png"));
    expect(await upload(["two", "in.png"])).toEqual(taken("in (1).png"));
    expect([input("in.png"), input("in (1).png")]).toEqual(["one", "two"]);
  });

  it.each(["true", "1"])("takes the place of an older file with overwrite %s", async (overwrite) => {
    await upload(["one", "over.png"]);
    expect(await upload([`new ${overwrite}`, "over.png"], { overwrite })).toEqual(taken("over.png"));
    expect(input("over.png")).toBe(`new ${overwrite}`);
  });

  it("may go into a subfolder, which keeps jobs apart", async () => {
    expect(await upload(["one", "x.png"], { subfolder: "job-1" })).toEqual(taken("x.png", "job-1"));
    expect(await upload(["two", "x.png"], { subfolder: "a/b/c" })).toEqual(taken("x.png", "a/b/c"));
    expect([input("job-1/x.png"), input("a/b/c/x.png")]).toEqual(["one", "two"]);
  });

  it.each(["temp", "output"] as const)("may go to the %s folder", async (type) => {
    expect(await upload(["bytes", "t.png"], { type })).toEqual(taken("t.png", "", type));
    expect(readFileSync(join(comfy.folders[type], "t.png"), "utf8")).toBe("bytes");
  });

  it.each(["x.txt", "x.py", "v.mp4", "bild ä 漢.png"])("may be of any kind and name: %s", async (name) => {
    expect(await upload(["x", name])).toEqual(taken(name));
  });

  it("may not lead out of its folder", async () => {
    expect(await upload(["x", "../evil.png"])).toEqual([400, ""]);
    expect(await upload(["x", "evil.png"], { subfolder: "../elsewhere" })).toEqual([400, ""]);
    expect(await upload(["x", "evil.png"], { subfolder: "/tmp" })).toEqual([400, ""]);
  });

  it("needs the field image", async () => {
    expect(await upload(["x", "in.png"], {}, "file")).toEqual([400, ""]);
    expect(await comfy.post("/upload/image")).toEqual([400, ""]);
  });

  it("ends as 500 for another type", async () => {
    expect(await upload(["x", "in.png"], { type: "weird" })).toEqual(trouble);
  });
});

describe("the limit of a body", () => {
  const tooLarge = [413, "Maximum request body size 1000 exceeded."];

  it("holds for uploads and for prompts", async () => {
    expect(await upload([Buffer.alloc(1001), "big.bin"])).toEqual(tooLarge);
    expect((await upload([Buffer.alloc(1000), "big.bin"]))[0]).toBe(200);
    expect(await comfy.post("/prompt", `{"prompt":"${"x".repeat(1000)}"}`)).toEqual(tooLarge);
  });
});
