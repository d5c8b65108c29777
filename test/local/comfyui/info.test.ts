import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StandIn, startStandIn } from "./stand-in.ts";

let comfy: StandIn;
beforeAll(async () => {
  comfy = await startStandIn();
});
afterAll(() => comfy.close());

// All of it was observed on ComfyUI 0.33.
describe("what the server tells of itself", () => {
  it("is its features", async () => {
    const features = {
      supports_preview_metadata: true,
      supports_model_type_tags: true,
      max_upload_size: 104_857_600,
      extension: { manager: { supports_v4: true } },
      node_replacements: true,
      assets: false,
    };
    expect(await comfy.get("/features")).toEqual([200, features]);
    expect(await comfy.get("/api/features")).toEqual([200, features]);
  });

  it("is its version, its command line and its devices", async () => {
    const [number, text] = [expect.any(Number) as number, expect.any(String) as string];
    expect(await comfy.get("/system_stats")).toEqual([
      200,
      {
        system: {
          os: text,
          ram_total: number,
          ram_free: number,
          comfyui_version: "0.33.0",
          required_frontend_version: text,
          installed_templates_version: text,
          required_templates_version: text,
          comfy_package_versions: [],
          python_version: text,
          pytorch_version: text,
          embedded_python: false,
          deploy_environment: "local-git",
          argv: ["main.py"],
        },
        devices: [
          {
            name: "cpu",
            type: "cpu",
            index: null,
            vram_total: number,
            vram_free: number,
            torch_vram_total: number,
            torch_vram_free: number,
          },
        ],
      },
    ]);
  });

  it("is its empty queue and history", async () => {
    expect(await comfy.get("/prompt")).toEqual([200, { exec_info: { queue_remaining: 0 } }]);
    expect(await comfy.get("/queue")).toEqual([200, { queue_running: [], queue_pending: [] }]);
    expect(await comfy.get("/history")).toEqual([200, {}]);
    expect(await comfy.get("/api/jobs")).toEqual([
      200,
      { jobs: [], pagination: { offset: 0, limit: null, total: 0, has_more: false } },
    ]);
    expect(await comfy.get("/nope")).toEqual([404, ""]);
  });
});

describe("/object_info", () => {
  it("describes a class", async () => {
    const size = { default: 512, min: 1, max: 16_384, step: 1 };
    expect(await comfy.get("/object_info/EmptyImage")).toEqual([
      200,
      {
        EmptyImage: {
          input: {
            required: {
              width: ["INT", size],
              height: ["INT", size],
              batch_size: ["INT", { default: 1, min: 1, max: 4096 }],
              color: ["INT", { default: 0, min: 0, max: 16_777_215, step: 1, display: "color" }],
            },
          },
          input_order: { required: ["width", "height", "batch_size", "color"] },
          is_input_list: false,
          output: ["IMAGE"],
          output_is_list: [false],
          output_name: ["IMAGE"],
          name: "EmptyImage",
          display_name: "Empty Image",
          description: "",
          python_module: "nodes",
          category: "image",
          output_node: false,
          has_intermediate_output: false,
          search_aliases: [],
        },
      },
    ]);
  });

  it("has nothing of a class that is not there", async () => {
    expect(await comfy.get("/object_info/NoSuchNode")).toEqual([200, {}]);
  });

  it("describes all at once", async () => {
    const [status, all] = await comfy.get("/object_info");
    expect(status).toBe(200);
    for (const name of ["ApiInput", "ApiOutput", "PromptCard", "SaveImage"]) {
      expect((await comfy.get(`/object_info/${name}`))[1]).toEqual({ [name]: (all as Record<string, unknown>)[name] });
    }
  });
});
