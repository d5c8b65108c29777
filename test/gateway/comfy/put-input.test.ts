import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { comfyFolders, createComfyClient } from "../../../gateway/comfy/client.ts";
import { type StandIn, startStandIn } from "../../local/comfyui/stand-in.ts";

let comfy: StandIn;
let folder: string;
beforeAll(async () => {
  comfy = await startStandIn();
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-put-input-"));
});
afterAll(async () => {
  await comfy.close();
  rmSync(folder, { recursive: true, force: true });
});

it("a file that a prompt needs is written anew under its name, in the folder that is swept of old ones", async () => {
  const client = createComfyClient(comfy.url);
  for (const text of ["one", "two"]) {
    writeFileSync(join(folder, "in.png"), text);
    const name = await client.putInput(join(folder, "in.png"), "in.png", new AbortController().signal);
    expect(name).toBe("comfy-endpoints/in.png");
    expect(readFileSync(join(comfy.folders.input, name ?? ""), "utf8")).toBe(text);
  }
  expect(comfyFolders("/opt/comfy")).toContain("/opt/comfy/input/comfy-endpoints");
});
