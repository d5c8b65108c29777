import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { png } from "../support/gateway.ts";
import { until } from "../support/until.ts";
import { enter, field, inState, output, run, save, usePlayground } from "./support/playground.ts";
import { copies, failures, markup, recordings } from "./support/playground-apps.ts";

const { start, visit, complaints } = usePlayground();
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

it("takes a file that is dropped or pasted, and shows it before anything runs", async () => {
  const endpoint = await start(copies);
  const page = await visit(`${endpoint.url}/`);
  await enter(page);
  await page.locator('[data-name="drawing"] .zone').waitFor();
  const give = (event: string): string => `{
    const bytes = Uint8Array.from(atob("${png.toString("base64")}"), (letter) => letter.charCodeAt(0));
    const files = new DataTransfer();
    files.items.add(new File([bytes], "given.png", { type: "image/png" }));
    const more = { bubbles: true, cancelable: true };
    document.querySelector('[data-name="drawing"] .zone').dispatchEvent(${event});
  }`;
  for (const event of [
    `new DragEvent("drop", { dataTransfer: files, ...more })`,
    `new ClipboardEvent("paste", { clipboardData: files, ...more })`,
  ]) {
    const place = field(page, event.includes("paste") ? "document" : "drawing");
    await page.evaluate(give(event));
    await place.getByRole("img", { name: "given.png" }).waitFor();
    await place.getByText(`given.png, ${png.length} B`, { exact: true }).waitFor();
  }
  const { items } = await endpoint.get<{ items: { sha256: string }[] }>("/files");
  expect(items.map((file) => file.sha256)).toEqual([sha256(png), sha256(png)]);
  await field(page, "drawing").getByRole("button", { name: "Remove" }).click();
  await field(page, "drawing").getByText("Choose a picture").waitFor();
});

it("plays a sound, and shows a video", async () => {
  const endpoint = await start(recordings);
  const page = await visit(`${endpoint.url}/`);
  await enter(page);
  const clip = Buffer.from("\0\0\0\x18ftypmp42\0\0\0\0mp42isom");
  await page.getByLabel("sound").setInputFiles({ name: "a.wav", mimeType: "audio/wav", buffer: silence(2) });
  await page.getByLabel("clip").setInputFiles({ name: "a.mp4", mimeType: "video/mp4", buffer: clip });
  await run(page);
  await inState(page, "completed");
  await output(page, "sound").locator("audio[controls]").waitFor();
  const length = () => page.evaluate<number>('document.querySelector("audio[controls]").duration');
  await until("its length is known", async () => (await length()) === 2);
  await output(page, "clip").locator("video[controls]").waitFor();
  expect(await save(page, "clip")).toEqual(clip);
});

describe("a hostile text", () => {
  it("is only a text in a contract, in a file and in what comes of them", async () => {
    const endpoint = await start(copies);
    const page = await visit(`${endpoint.url}/`);
    await page.addInitScript(`
      window.blobTypes = [];
      const make = URL.createObjectURL;
      URL.createObjectURL = (blob) => (window.blobTypes.push(blob.type), make(blob));
    `);
    await page.reload();
    await enter(page);
    await page.getByRole("heading", { name: "copies" }).waitFor();
    const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"><script>window.hacked=1</script></svg>`);
    await page.getByLabel("document").setInputFiles({ name: `${markup}.svg`, mimeType: "image/svg+xml", buffer: svg });
    await page.getByLabel("drawing").setInputFiles({ name: `${markup}.png`, mimeType: "image/png", buffer: png });
    await run(page);
    await inState(page, "completed");
    for (const name of ["text", "choice"]) expect(await output(page, name).locator("pre").textContent()).toBe(markup);
    expect(await save(page, "document")).toEqual(svg);
    expect(await save(page, "drawing")).toEqual(png);
    // A drawing that may hold scripts is shown nowhere, and is bytes to whoever opens it in place of saving it.
    expect(await endpoint.get("/files?media_type=image/svg%2Bxml&source=generated")).toMatchObject({ items: [{}] });
    expect(new Set(await page.evaluate<string[]>("window.blobTypes"))).toEqual(
      new Set(["application/octet-stream", "image/png"]),
    );
    expect(await page.locator('img[src="x"], main script').count()).toBe(0);
  });

  it("is only a text in an error", async () => {
    const endpoint = await start(failures);
    const page = await visit(`${endpoint.url}/`);
    await enter(page);
    await page.getByLabel("message").fill(markup);
    await run(page);
    await inState(page, "failed");
    // The event that says so comes before the job with its error.
    await page.locator("#job-trouble").filter({ hasText: markup }).waitFor();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
  });

  it("would run nothing if it were markup", async () => {
    const endpoint = await start("demo");
    const page = await visit(`${endpoint.url}/`);
    const tried = await page.evaluate(`(() => {
      try { document.body.innerHTML = ${JSON.stringify(markup)}; return "taken"; } catch (error) { return error.name; }
    })()`);
    expect(tried).toBe("TypeError");
    complaints();
  });
});

/** A WAV of one channel, 8 bits and 8000 samples a second. */
function silence(seconds: number): Buffer {
  const samples = Buffer.alloc(8000 * seconds, 128);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(8000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
