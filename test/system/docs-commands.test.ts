import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createComfyUi } from "../../local/comfyui/comfyui.ts";
import { freePorts } from "../../local/host/free-ports.ts";
import { block, runCommands } from "../support/documents.ts";
import { startGatewayDouble } from "../support/gateway-double.ts";
import { type LocalAccount, startLocalAccount } from "../support/local-account.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";
import { until } from "../support/until.ts";
import { copyProject, linkModules } from "../support/working-copy.ts";

let folder: string;
let clone: string;
let account: LocalAccount;
let env: Record<string, string | undefined>;

const isPng = (path: string) => readFileSync(join(clone, path)).subarray(1, 4).toString() === "PNG";

beforeAll(async () => {
  account = await startLocalAccount();
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-docs-"));
  clone = join(folder, "comfy-endpoints");
  copyProject(clone, /^(?:test|bench)\//);
  linkModules(clone);
  for (const name of ["workflow.json", "workflow.contract.json"]) {
    copyFileSync(join(clone, "apps/demo", name), join(clone, name));
  }
  nameImage("flux_text_to_image");
  env = { ...pulumiEnv(folder), ...account.env, COMFY_ENDPOINTS_ENV_FILE: undefined };
});
afterAll(async () => {
  await account.close();
  rmSync(folder, { recursive: true, force: true });
});

/** New apps take this one's image over: one without a name would have to be in a registry, or built. */
function nameImage(app: string): void {
  const file = join(clone, "apps", app, "app.json");
  const document = JSON.parse(readFileSync(file, "utf8")) as { build: object };
  writeFileSync(file, JSON.stringify({ ...document, build: { ...document.build, image_ref: "example/golden:1" } }));
}

const run = (commands: string, more: Record<string, string> = {}, signal?: AbortSignal) =>
  runCommands(commands, { cwd: clone, env: { ...env, ...more }, ...(signal && { signal }) });

/** In the order of somebody who reads the README, in a clone of its own. */
describe("the commands of the README", () => {
  const life = block("README.md#deploy-to-runpod:3");
  const end = life.indexOf("./cend destroy");

  it("deploy and destroy with Pulumi", async () => {
    const backend = { PULUMI_BACKEND_URL: `file://${folder}`, PULUMI_CONFIG_PASSPHRASE: "geheim" };
    const said = await run(block("README.md#deploy-to-runpod:1"), { ...backend, PULUMI_SKIP_CONFIRMATIONS: "true" });
    expect(said).toMatch(/\+ \d+ created[^]*\n[\w-]{43}\n[^]*- \d+ deleted/);
    expect(await account.pods()).toEqual([]);
  });

  it("deploy with cend, and make a picture", async () => {
    await run(life.slice(0, end));
    expect(globSync("outputs/*.png", { cwd: clone }).map(isPng)).toEqual([true]);
  });

  it("look after the models of an app", async () => {
    expect(await run(block("README.md#models:2"))).toContain('"dry_run": true');
  });

  it("make an app, look into an endpoint, and write its client", async () => {
    const newest = "$(./cend files list | grep -om1 'fid_[0-9a-f]*')";
    await run(block("README.md#from-the-command-line:1", { "<file_id>": newest }));
    expect(globSync("{outputs,pictures}/*", { cwd: clone })).toHaveLength(3);
    expect(readFileSync(join(clone, "src/cards.ts"), "utf8")).toContain("prompt");
  });

  it("destroy with cend", async () => {
    await run(life.slice(end));
    expect(await account.pods()).toEqual([]);
  });

  it("put the gateway before a ComfyUI, and call it", async () => {
    const folders = { output: join(folder, "output"), input: join(folder, "input"), temp: join(folder, "temp") };
    const comfyUi = await createComfyUi({ folders }).listen(0);
    const [port = 0] = await freePorts(1);
    const [url, key] = [`http://127.0.0.1:${port}`, "a-key-of-some-length"];
    const terminal = new AbortController();
    const given = { "<a key of your choice>": key, "http://127.0.0.1:8188": comfyUi.url };
    const environment = { COMFY_ENDPOINTS_GATEWAY_PORT: String(port) };
    const gateway = run(block("README.md#the-gateway-alone:1", given), environment, terminal.signal);
    try {
      const answers = () =>
        fetch(`${url}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        );
      await Promise.race([until("the gateway answers", answers), gateway]);
      const called = block("README.md#the-gateway-alone:2", { "<the same key>": key, "http://127.0.0.1:3000": url });
      expect(await run(called)).toContain('"state": "completed"');
    } finally {
      terminal.abort();
      await gateway.catch(() => undefined);
      await comfyUi.close();
    }
  });
});

/** Their models and nodes want a GPU: an app is only checked where it is deployed, and a double answers in its place. */
describe("the commands of an app's page", () => {
  it.each([
    ["flux_text_to_image", "apps/flux_text_to_image/README.md#text-to-image-with-flux1-schnell:1"],
    ["wanimate", "apps/wanimate/README.md#a-picture-moves-like-a-video-with-wan-22-animate:1"],
  ])("fit apps/%s", async (app, name) => {
    const text = readFileSync(join(clone, "apps", app, "workflow.contract.json"), "utf8");
    const contract = JSON.parse(text) as { outputs: [{ name: string; type: string }] };
    const double = await startGatewayDouble(contract, "key-1");
    const [output] = contract.outputs;
    const id = `fid_${"a".repeat(32)}`;
    double.files.set(id, { bytes: Buffer.from("made"), mediaType: output.type, name: null });
    double.result = { [output.name]: id };
    for (const file of ["ref.png", "drive.mp4"]) writeFileSync(join(clone, file), file);
    try {
      await run(block(name, { "./cend deploy": "./cend validate" }), {
        [`COMFY_ENDPOINTS_URL_${app.toUpperCase()}`]: double.url,
        COMFY_ENDPOINTS_API_KEY: "key-1",
      });
      expect(globSync(`${output.name}-*`, { cwd: clone })).toHaveLength(1);
    } finally {
      await double.close();
    }
  });
});
