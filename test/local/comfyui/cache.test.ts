import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toPng } from "../../../local/comfyui/nodes/picture.ts";
import { drawCard } from "../../../local/comfyui/nodes/prompt-card.ts";
import { picture, type StandIn, startStandIn, trouble } from "./stand-in.ts";

let comfy: StandIn;
beforeEach(async () => {
  comfy = await startStandIn();
});
afterEach(() => comfy.close());

const cachedOf = ({ status }: Awaited<ReturnType<StandIn["run"]>>) => status.messages[1]?.[1]["nodes"];
const filesOf = ({ outputs }: Awaited<ReturnType<StandIn["run"]>>) =>
  (outputs["2"]?.["images"] as { filename: string }[]).map(({ filename }) => filename);

// All of it was observed on ComfyUI 0.33.
describe("the cache", () => {
  it("names the old file when the same prompt comes again, also when that file is gone", async () => {
    await comfy.run(picture(1, "exp/trap"));
    rmSync(join(comfy.folders.output, "exp/trap_00001_.png"));
    const again = await comfy.run(picture(1, "exp/trap"));
    expect([again.status.status_str, cachedOf(again), filesOf(again)]).toEqual([
      "success",
      ["1", "2"],
      ["trap_00001_.png"],
    ]);
    expect(await comfy.get("/view?filename=trap_00001_.png&subfolder=exp")).toEqual([404, ""]);
    expect(comfy.executions()).toEqual({ EmptyImage: 1, SaveImage: 1 });
  });

  it("keeps the nodes before the one that changed", async () => {
    await comfy.run(picture(1, "exp/one"));
    const other = await comfy.run(picture(1, "exp/two"));
    expect([cachedOf(other), filesOf(other)]).toEqual([["1"], ["two_00001_.png"]]);
    expect(comfy.executions()).toEqual({ EmptyImage: 1, SaveImage: 2 });
  });

  it("runs everything after a node that changed", async () => {
    await comfy.run(picture(1));
    const other = await comfy.run(picture(2));
    expect([cachedOf(other), filesOf(other)]).toEqual([[], ["img_00002_.png"]]);
    expect(await comfy.get("/local/executions")).toEqual([200, { EmptyImage: 2, SaveImage: 2 }]);
  });

  it("is emptied by /free with free_memory, and by nothing less", async () => {
    await comfy.run(picture(1));
    expect(await comfy.post("/free", { unload_models: true })).toEqual([200, ""]);
    expect(cachedOf(await comfy.run(picture(1)))).toEqual(["1", "2"]);
    expect(await comfy.post("/free", { unload_models: true, free_memory: true })).toEqual([200, ""]);
    const after = await comfy.run(picture(1));
    expect([cachedOf(after), filesOf(after)]).toEqual([[], ["img_00002_.png"]]);
    expect(await comfy.post("/free")).toEqual(trouble);
  });

  it("does not keep what failed", async () => {
    const failing = {
      "1": picture(1)["1"],
      "2": { class_type: "LocalRaise", inputs: { image: ["1", 0], message: "boom" } },
      "3": { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: "x" } },
    };
    await comfy.run(failing);
    const again = await comfy.run(failing);
    expect([again.status.status_str, cachedOf(again)]).toEqual(["error", ["1"]]);
    expect(comfy.executions()).toEqual({ EmptyImage: 1, LocalRaise: 2 });
  });

  it("loads a file again when it changed", async () => {
    const load = {
      "1": { class_type: "LoadImage", inputs: { image: "in.png" } },
      "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "loaded" } },
    };
    const put = (text: string) => writeFileSync(join(comfy.folders.input, "in.png"), toPng(drawCard(text, 64, 64)));
    put("one");
    await comfy.run(load);
    expect(cachedOf(await comfy.run(load))).toEqual(["1", "2"]);
    put("another, which is longer");
    expect(cachedOf(await comfy.run(load))).toEqual([]);
    expect(readdirSync(comfy.folders.output).sort()).toEqual(["loaded_00001_.png", "loaded_00002_.png"]);
  });
});
