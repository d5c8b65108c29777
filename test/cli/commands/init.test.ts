import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCend } from "../../support/cend.ts";
import { pulumiEnv } from "../../support/pulumi-env.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cend-init-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cend = (...args: string[]) => startCend(args, { cwd: folder, env: pulumiEnv(folder) }).ended;
const json = (path: string) => JSON.parse(readFileSync(join(folder, path), "utf8")) as Record<string, unknown>;

describe("cend init", () => {
  it("writes a demo that is valid, and leaves what is there alone", async () => {
    const { code, stdout } = await cend("init", "my cards");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      app_id: "my-cards",
      app_file: join(folder, "my cards/app.json"),
      written: ["workflow.json", "workflow.contract.json", "app.json"],
      needs: { models: [], packs: [] },
      ...{ inputs: ["prompt"], outputs: ["image"] },
    });
    expect((await cend("validate", "my cards/app.json")).code).toBe(0);
    rmSync(join(folder, "my cards/workflow.json"));
    const again = await cend("init", "my cards");
    expect(JSON.parse(again.stdout)).toMatchObject({ written: ["workflow.json"] });
    expect(again.stderr).toContain("app.json is there already, and stays as it is\n");
  });

  it("makes an app of a workflow in UI format, with its models as artifacts", async () => {
    const models = [
      { name: "mine.safetensors", url: "https://example.com/mine.safetensors", directory: "checkpoints" },
    ];
    const nodes = [
      { id: 1, type: "CheckpointLoaderSimple", widgets_values: ["mine.safetensors"], properties: { models } },
      { id: 2, type: "CLIPTextEncode", inputs: [{ name: "clip", type: "CLIP", link: 1 }], widgets_values: ["fog"] },
      { id: 3, type: "UNETLoader", widgets_values: ["nobodys.safetensors", "default"] },
      { id: 4, type: "SaveImage", inputs: [{ name: "images", type: "IMAGE", link: 2 }], widgets_values: ["x"] },
    ];
    const links = [
      [1, 1, 1, 2, 0, "CLIP"],
      [2, 1, 0, 4, 0, "IMAGE"],
    ];
    writeFileSync(join(folder, "ui.json"), JSON.stringify({ nodes, links, version: 0.4 }));
    const { code, stdout } = await cend("init", "fog", "--workflow", "ui.json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      needs: { models: [{ filename: "mine.safetensors" }, { filename: "nobodys.safetensors", source_url: null }] },
      ...{ inputs: ["prompt"], outputs: ["image"] },
    });
    expect(json("fog/workflow.json")["prompt"]).toMatchObject({
      "2": { class_type: "CLIPTextEncode", inputs: { text: "fog", clip: ["1", 1] } },
    });
    expect(json("fog/app.json")["artifacts"]).toEqual([
      {
        ...{ source_url: "https://example.com/mine.safetensors", match: "mine.safetensors" },
        ...{ target_subdir: "checkpoints", target_path: "mine.safetensors" },
      },
    ]);
    const checked = await cend("validate", "fog/app.json");
    expect(checked.code).toBe(0);
    expect(checked.stderr).toContain('no artifact brings "nobodys.safetensors"');
  });

  it("says in one line what is wrong with a workflow, and writes nothing", async () => {
    writeFileSync(join(folder, "broken.json"), '{"nodes": 1}');
    const { code, stdout, stderr } = await cend("init", "broken", "--workflow", "broken.json");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(`error: ${join(folder, "broken.json")}: "nodes" is 1; it must be an array\n`);
    expect((await cend("validate", "broken/app.json")).stderr).toContain("does not exist");
    expect(await cend("init", "broken", "--workflow", "gone.json")).toEqual({
      code: 3,
      stdout: "",
      stderr: `error: ${join(folder, "gone.json")} does not exist; give the path of a workflow\n`,
    });
  });
});
