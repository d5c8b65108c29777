import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { picture, type StandIn, startStandIn } from "./stand-in.ts";

let comfy: StandIn;
beforeAll(async () => {
  comfy = await startStandIn();
  await comfy.run(picture(0x336699));
  for (const [name, text] of Object.entries({
    "x.txt": "hello",
    "x.json": '{"a": 1}',
    "x.flac": "sound",
    "v.mp4": "0123456789",
    "page.html": "<script>",
    "drawing.svg": "<svg/>",
    "bild ä 漢.png": "bild",
  })) {
    writeFileSync(join(comfy.folders.input, name), text);
  }
  mkdirSync(join(comfy.folders.output, "sub dir"));
  writeFileSync(join(comfy.folders.output, "sub dir/x.txt"), "below");
});
afterAll(() => comfy.close());

const view = (query: string, init?: RequestInit): Promise<Response> => fetch(`${comfy.url}/view?${query}`, init);
const described = ({ status, headers }: Response) => ({
  status,
  type: headers.get("content-type"),
  disposition: headers.get("content-disposition"),
});

// All of it was observed on ComfyUI 0.33.
describe("/view", () => {
  it.each([
    "filename=img_00001_.png&subfolder=exp&type=output",
    "filename=img_00001_.png&subfolder=exp",
    "filename=img_00001_.png%20%5Boutput%5D&subfolder=exp&type=input",
  ])("serves an output, which is the type when none is named: %s", async (query) => {
    const response = await view(query);
    expect(described(response)).toEqual({
      status: 200,
      type: "image/png",
      disposition: 'filename="img_00001_.png"',
    });
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const { width, height, data } = PNG.sync.read(Buffer.from(await response.arrayBuffer()));
    expect([width, height, ...data.subarray(0, 4)]).toEqual([8, 8, 0x33, 0x66, 0x99, 255]);
  });

  it("is below /api as well, and serves folders with spaces", async () => {
    expect(await comfy.get("/api/view?filename=x.txt&subfolder=sub%20dir")).toEqual([200, "below"]);
  });

  it.each([
    ["x.txt", "text/plain"],
    ["x.json", "application/json"],
    ["x.flac", "audio/flac"],
    ["v.mp4", "video/mp4"],
  ])("tells the type by the extension: %s", async (filename, type) => {
    expect(described(await view(`filename=${filename}&type=input`))).toEqual({
      status: 200,
      type,
      disposition: `filename="${filename}"`,
    });
  });

  it.each(["page.html", "drawing.svg"])("hands out what a browser would run as an attachment: %s", async (filename) => {
    expect(described(await view(`filename=${filename}&type=input`))).toEqual({
      status: 200,
      type: "application/octet-stream",
      disposition: `attachment; filename="${filename}"`,
    });
  });

  it("writes a name beyond ASCII into the header as bare UTF-8, which reads as something else", async () => {
    const response = await view("filename=bild%20%C3%A4%20%E6%BC%A2.png&type=input");
    const bytes = Buffer.from(response.headers.get("content-disposition") ?? "", "latin1");
    expect([response.status, bytes.toString("utf8"), await response.text()]).toEqual([
      200,
      'filename="bild ä 漢.png"',
      "bild",
    ]);
  });

  it("answers ranges, HEAD and known versions", async () => {
    const video = "filename=v.mp4&type=input";
    const part = await view(video, { headers: { range: "bytes=0-3" } });
    expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([206, "bytes 0-3/10", "0123"]);
    const head = await view(video, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "10", ""]);
    expect(head.headers.get("accept-ranges")).toBe("bytes");
    const etag = head.headers.get("etag") ?? "";
    // Without a cache-control fetch() asks for a fresh copy.
    const known = await view(video, { headers: { "if-none-match": etag, "cache-control": "max-age=0" } });
    expect(known.status).toBe(304);
  });

  it.each([
    [404, "filename=nope.png&type=output"],
    [404, "type=output"],
    [404, "filename=exp/img_00001_.png&type=output"],
    [404, "filename=img_00001_.png&subfolder=sub%20dir"],
    [404, "filename=img_00001_.png&subfolder=exp&type=input"],
    [400, "filename=img_00001_.png&subfolder=exp&type=weird"],
    [400, "filename=../input/x.txt&type=output"],
    [400, "filename=..%2Finput%2Fx.txt&type=output"],
    [400, "filename=/etc/hostname&type=output"],
    [403, "filename=x.txt&subfolder=../input&type=output"],
    [403, "filename=hostname&subfolder=/etc&type=output"],
  ])("answers %i without a body to %s", async (status, query) => {
    const response = await view(query);
    expect([response.status, await response.text()]).toEqual([status, ""]);
  });

  it.each([
    ["rgb", 2, [0x33, 0x66, 0x99, 255]],
    ["a", 6, [0, 0, 0, 255]],
  ])("serves the channel %s alone, as another file", async (channel, colorType, firstPixel) => {
    const response = await view(`filename=img_00001_.png&subfolder=exp&channel=${channel}`);
    expect(described(response)).toEqual({
      status: 200,
      type: "image/png",
      disposition: 'filename="img_00001_.png"',
    });
    expect([response.headers.has("etag"), response.headers.has("x-content-type-options")]).toEqual([false, false]);
    const png = Buffer.from(await response.arrayBuffer());
    expect(png[25]).toBe(colorType);
    expect([...PNG.sync.read(png).data.subarray(0, 4)]).toEqual(firstPixel);
  });

  it.each(["preview=webp;50", "channel=a&preview=jpeg"])(
    "says that it cannot make what %s asks for (ours alone)",
    async (query) => {
      const response = await view(`filename=img_00001_.png&subfolder=exp&${query}`);
      expect([response.status, await response.text()]).toEqual([501, "the stand-in writes neither WebP nor JPEG"]);
    },
  );

  it("has the outputs where the folder says", () => {
    expect(readFileSync(join(comfy.folders.output, "exp/img_00001_.png")).subarray(1, 4).toString()).toBe("PNG");
  });
});
