import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePorts } from "../../../local/host/free-ports.ts";
import { until } from "../../support/until.ts";
import { picture } from "./stand-in.ts";

const main = join(import.meta.dirname, "../../../local/comfyui/main.ts");
let folder: string;
let url: string;
let port: number;
let program: ChildProcess;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "comfyui-flags-"));
  [port = 0] = await freePorts(1);
  url = `http://127.0.0.1:${port}`;
});
afterEach(async () => {
  if (program.exitCode === null && program.signalCode === null) {
    program.kill("SIGKILL");
    await once(program, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});
const start = (...flags: string[]): void => {
  const env = { COMFY_ENDPOINTS_LOCAL_PATH_PREFIX: folder, COMFY_ENDPOINTS_LOCAL_PORTS: "8188:1" };
  program = spawn(process.execPath, [main, ...flags], { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
};

describe("the stand-in's program", () => {
  it("takes what ComfyUI takes from the gateway, and writes where it is told to", async () => {
    mkdirSync(join(folder, "work/temp"), { recursive: true });
    writeFileSync(join(folder, "work/temp/of-its-last-life.png"), "");
    start(
      ...["--listen", "127.0.0.1", "--port", String(port), "--output-directory", "results"],
      // ComfyUI adds a folder of its own to that one alone.
      ...["--input-directory", join(folder, "uploads"), "--temp-directory", join(folder, "work")],
      ...["--disable-auto-launch", "--disable-metadata", "--preview-method", "auto", "--max-upload-size", "3"],
    );
    await until("it answers", () => fetch(url).then(Boolean, () => false));
    expect(await (await fetch(`${url}/features`)).json()).toMatchObject({ max_upload_size: 3 * 1024 ** 2 });
    const form = new FormData();
    form.set("image", new Blob(["bytes"]), "in.png");
    await fetch(`${url}/upload/image`, { method: "POST", body: form });
    const preview = { "3": { class_type: "PreviewImage", inputs: { images: ["1", 0] } } };
    const prompt = { ...picture(0x336699, "card"), ...preview };
    await fetch(`${url}/prompt`, { method: "POST", body: JSON.stringify({ prompt }) });
    await until("it has run", () => readdirSync(join(folder, "work/temp")).length > 0);
    const found = ["results", "uploads", "work"].map((name) => readdirSync(join(folder, name)));
    expect(found).toEqual([["card_00001_.png"], ["in.png"], ["temp"]]);
    expect(readdirSync(join(folder, "work/temp"))).not.toContain("of-its-last-life.png");
  });

  it.each([
    [["--lowvram"], "Unknown option '--lowvram'"],
    [["--listen", "0.0.0.0"], "--listen takes 127.0.0.1 alone"],
    [["--preview-method", "best"], "--preview-method takes none, auto, latent2rgb, taesd"],
  ])("refuses %j, which it does not know", async (flags, message) => {
    start(...flags);
    let said = "";
    program.stderr?.on("data", (data: Buffer) => (said += data.toString()));
    const [code] = (await once(program, "close")) as [number];
    expect(code).toBe(1);
    expect(said).toContain(message);
  });
});
