import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { modelFolders } from "../../../contract/models/folders.ts";
import { BootFailure } from "../../../gateway/boot/failure.ts";
import { linkFolder, planLinks } from "../../../gateway/boot/folders.ts";

const base = { comfyModels: "/opt/comfy/models", models: "/cache/models", cache: "/cache", further: [], declared: [] };
const links = (changed: Partial<Parameters<typeof planLinks>[0]> = {}): Record<string, string> =>
  Object.fromEntries(planLinks({ ...base, ...changed }).map(({ path, target }) => [path, target]));

describe("the folders that are links", () => {
  it("are all that ComfyUI looks into for models", () => {
    const all = links();
    expect(Object.keys(all)).toHaveLength(modelFolders.length);
    expect(all).toMatchObject({
      "/opt/comfy/models/checkpoints": "/cache/models/checkpoints",
      "/opt/comfy/models/clip_vision": "/cache/models/clip_vision",
      "/opt/comfy/models/upscale_models": "/cache/models/upscale_models",
    });
  });

  it("are those of declared models too, by their first part", () => {
    expect(links({ declared: ["ultralytics/bbox/face.pt", "vae/wan/x.safetensors"] })).toMatchObject({
      "/opt/comfy/models/ultralytics": "/cache/models/ultralytics",
      "/opt/comfy/models/vae": "/cache/models/vae",
    });
  });

  it("are those that the app asks for, wherever they are", () => {
    const all = links({ further: ["sams/", "/root/.cache/huggingface", "/opt/comfy/models/LLM", "/opt/comfy/models"] });
    expect(all).toMatchObject({
      "/opt/comfy/models/sams": "/cache/models/sams",
      "/root/.cache/huggingface": "/cache/folders/root/.cache/huggingface",
      "/opt/comfy/models/LLM": "/cache/models/LLM",
    });
    expect(all["/opt/comfy/models"]).toBeUndefined();
  });

  it("are not those that lie below another one", () => {
    expect(links({ further: ["vae/wan", "/data", "/data/more"] })).not.toHaveProperty(["/data/more"]);
    expect(links({ further: ["vae/wan"] })).not.toHaveProperty(["/opt/comfy/models/vae/wan"]);
  });

  it.each(["/cache", "/cache/models/x", "/", "/opt/comfy"])("are never the volume or ComfyUI itself: %s", (folder) => {
    expect(() => links({ further: [folder] })).toThrow(BootFailure);
  });
});

describe("linking a folder", () => {
  let root: string;
  let link: { path: string; target: string };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "comfy-endpoints-folders-"));
    link = { path: join(root, "comfy/models/vae"), target: join(root, "cache/models/vae") };
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const isLink = (): boolean => lstatSync(link.path).isSymbolicLink() && readlinkSync(link.path) === link.target;

  it("makes both where there is neither, and is nothing to do the second time", async () => {
    await linkFolder(link);
    await linkFolder(link);
    expect(isLink()).toBe(true);
  });

  it("moves what the image has there; what the volume has stays", async () => {
    mkdirSync(join(link.path, "sub"), { recursive: true });
    mkdirSync(join(link.target, "sub"), { recursive: true });
    writeFileSync(join(link.path, "put_vae_here"), "");
    writeFileSync(join(link.path, "sub/both"), "image");
    writeFileSync(join(link.path, "sub/image"), "image");
    writeFileSync(join(link.target, "sub/both"), "volume");
    await linkFolder(link);
    expect(isLink()).toBe(true);
    expect(existsSync(join(link.target, "put_vae_here"))).toBe(true);
    expect(readFileSync(join(link.path, "sub/both"), "utf8")).toBe("volume");
    expect(readFileSync(join(link.path, "sub/image"), "utf8")).toBe("image");
  });

  it("points a link elsewhere that leads to another place", async () => {
    mkdirSync(join(root, "comfy/models"), { recursive: true });
    symlinkSync("/nowhere", link.path);
    await linkFolder(link);
    expect(isLink()).toBe(true);
  });

  it("leaves alone what a link above it has on the volume already", async () => {
    mkdirSync(join(root, "comfy"));
    mkdirSync(link.target, { recursive: true });
    symlinkSync(join(root, "cache/models"), join(root, "comfy/models"));
    writeFileSync(join(link.target, "model"), "bytes");
    await linkFolder(link);
    expect(readFileSync(join(link.target, "model"), "utf8")).toBe("bytes");
  });

  it("fails the boot where the volume's folder lies in it, and moves nothing", async () => {
    const within = { ...link, target: join(link.path, "models") };
    mkdirSync(link.path, { recursive: true });
    writeFileSync(join(link.path, "model"), "bytes");
    await expect(linkFolder(within)).rejects.toThrow("one of them lies in the other");
    expect(readFileSync(join(link.path, "model"), "utf8")).toBe("bytes");
  });

  it("fails the boot where a file is in its place", async () => {
    mkdirSync(join(root, "comfy/models"), { recursive: true });
    writeFileSync(link.path, "a file");
    await expect(linkFolder(link)).rejects.toThrow(
      `${link.path} cannot become a link to ${link.target}: a file is in its place; see to it`,
    );
    expect(readFileSync(link.path, "utf8")).toBe("a file");
  });
});
