import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patience, picture, type StandIn, slowPicture, startStandIn, trouble } from "./stand-in.ts";

let comfy: StandIn;
const ids: string[] = [];
beforeAll(async () => {
  comfy = await startStandIn();
  for (const color of [1, 2, 3]) {
    const id = await comfy.queue(picture(color));
    await comfy.ended(id);
    ids.push(id);
  }
});
afterAll(() => comfy.close());

const listed = async (query: string): Promise<string[]> =>
  Object.keys((await comfy.get(`/history${query}`))[1] as object);

// All of it was observed on ComfyUI 0.33.
describe("/history", () => {
  it("lists the oldest first; max_items alone gives the latest, with an offset a page", async () => {
    expect(await listed("")).toEqual(ids);
    expect(await listed("?max_items=1")).toEqual(ids.slice(2));
    expect(await listed("?max_items=1&offset=0")).toEqual(ids.slice(0, 1));
    expect(await listed("?max_items=2&offset=1")).toEqual(ids.slice(1));
    expect(await comfy.get("/history?max_items=x")).toEqual(trouble);
  });

  it("has nothing of a prompt that is unknown", async () => {
    expect(await comfy.get(`/history/${randomUUID()}`)).toEqual([200, {}]);
  });

  it("keeps a number that is none as bare NaN, which strict JSON does not know", async () => {
    const id = await comfy.queue({
      ...slowPicture(0),
      "2": { ...slowPicture(0)["2"], inputs: { image: ["1", 0], seconds: "nan", steps: 1 } },
    });
    await expect
      .poll(async () => (await fetch(`${comfy.url}/history/${id}`)).text(), patience)
      .toContain('"seconds":NaN,"steps":1');
    await comfy.post("/history", { delete: [id] });
  });

  it("forgets what is deleted, and everything when it is cleared", async () => {
    expect(await comfy.post("/history", { delete: [ids[1]] })).toEqual([200, ""]);
    expect(await listed("")).toEqual([ids[0], ids[2]]);
    expect(await comfy.post("/history", { clear: true })).toEqual([200, ""]);
    expect(await listed("")).toEqual([]);
  });

  it("is gone after a restart, as temporary files are; outputs stay and their numbers go on", async () => {
    const folder = mkdtempSync(join(tmpdir(), "comfyui-restarted-"));
    const first = await startStandIn({ folder });
    const preview = { class_type: "PreviewImage", inputs: { images: ["1", 0] } };
    const before = await first.run({ ...picture(7), "3": preview });
    expect(before.outputs["3"]?.["images"]).toMatchObject([{ type: "temp", subfolder: "" }]);
    const shown = (comfyUi: StandIn, { filename }: { filename: string }, type: string) =>
      comfyUi.get(`/view?filename=${filename}&subfolder=${type === "temp" ? "" : "exp"}&type=${type}`);
    const [saved, temporary] = ["2", "3"].map((id) => before.outputs[id]?.["images"]?.[0] as { filename: string });
    if (!saved || !temporary) throw new Error("nothing was saved");
    expect((await shown(first, temporary, "temp"))[0]).toBe(200);
    await first.stop();

    const second = await startStandIn({ folder });
    expect(await second.get("/history")).toEqual([200, {}]);
    expect((await shown(second, temporary, "temp"))[0]).toBe(404);
    expect((await shown(second, saved, "output"))[0]).toBe(200);
    const after = await second.run(picture(7));
    expect(after.outputs["2"]?.["images"]).toMatchObject([{ filename: "img_00002_.png" }]);
    await second.close();
  });
});
