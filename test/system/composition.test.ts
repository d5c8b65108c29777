import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capture } from "../../scripts/setup/capture.js";
import { type LocalAccount, startLocalAccount } from "../support/local-account.ts";
import { createStackOf } from "../support/stack.ts";

const root = join(import.meta.dirname, "../..");
const example = join(root, "examples/two-endpoints");

/** What callers of the program's endpoints are told. */
type Outputs = Record<"usUrl" | "usKey" | "euUrl" | "euKey", string>;

describe("the built package, in programs of other people's", () => {
  let folder: string;
  let program: string;
  let account: LocalAccount;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-composition-"));
    program = join(folder, "es-module");
    [account] = await Promise.all([startLocalAccount(), installInto(folder, program)]);
  });

  afterAll(async () => {
    await account.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is JavaScript with declarations, and holds what images are made of", () => {
    const installed = join(program, "node_modules/comfy-endpoints");
    const files = globSync("**/*.*", { cwd: installed });
    expect(files.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining([
        "README.md",
        "components/comfy-endpoint.js",
        "components/comfy-endpoint.d.ts",
        "docker/comfy_nodes/__init__.py",
        "gateway/main.js",
        "gateway/playground/page/index.html",
        "gateway/playground/page/play/main.js",
      ]),
    );
  });

  it("deploys, keeps and destroys two endpoints and a resource between them, in an ES module program", async () => {
    await live(program);
  });

  it("does the same for one app twice, in a CommonJS program as Pulumi makes it, which Pulumi compiles", async () => {
    await live(commonJsProgram("common-js"));
  });

  it.each([
    ["node10", "commonjs"],
    ["nodenext", "nodenext"],
  ])("finds a type error under %s resolution", async (moduleResolution, module) => {
    const wrong = commonJsProgram(`types-${moduleResolution}`);
    const line = "export const wrong: pulumi.Output<number> = us.contract;\n";
    writeFileSync(join(wrong, "index.ts"), line, { flag: "a" });
    const options = { module, moduleResolution, ignoreDeprecations: "6.0", types: "node", target: "es2022" };
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const command = [join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "--strict", "--skipLibCheck", ...flags];
    const { output } = await capture(process.execPath, [...command, "--pretty", "false", "index.ts"], { cwd: wrong });
    expect(output.split("\n").filter((text) => text.includes("error TS"))).toEqual([
      expect.stringMatching(/^index\.ts\(\d+,14\): error TS2322: Type 'Output<\{ contract_id: string; /),
    ]);
  });

  /** From `up` to `destroy`. */
  async function live(program: string): Promise<void> {
    const stack = await createStackOf(program, account.env);
    const pulumi = async (command: string) => {
      const run = await stack.pulumi(command, "--yes", "--skip-preview");
      expect(run.code, run.output).toBe(0);
    };
    await pulumi("up");
    const { usUrl, usKey, euUrl, euKey } = (await stack.outputs()) as Outputs;
    expect(await Promise.all([answer(usUrl, usKey), answer(euUrl, euKey)])).toEqual([200, 200]);
    expect(await answer(usUrl, euKey)).toBe(401);
    const addresses = join(program, "addresses.json");
    expect(JSON.parse(readFileSync(addresses, "utf8"))).toEqual({ us: usUrl, eu: euUrl });
    const pods = await account.pods();
    const named = expect.stringMatching(/^cards-[0-9a-f]{16}-[0-9a-f]{8}$/) as string;
    expect(pods).toMatchObject([{ name: named }, { name: named }]);
    expect(new Set(pods.map(({ name }) => name)).size).toBe(2);
    expect(pods.map(({ id }) => [usUrl, euUrl].filter((url) => url.includes(id)).length)).toEqual([1, 1]);

    await pulumi("up");
    expect(Object.keys(await stack.changes())).toEqual(["same"]);

    await pulumi("destroy");
    expect(await account.pods()).toEqual([]);
    expect(existsSync(addresses)).toBe(false);
  }

  /** The example as `pulumi new typescript` would begin it; both of its endpoints serve one app. */
  function commonJsProgram(name: string): string {
    const own = join(folder, name);
    cpSync(example, own, { recursive: true });
    symlinkSync(join(program, "node_modules"), join(own, "node_modules"));
    const source = readFileSync(join(example, "index.ts"), "utf8");
    writeFileSync(join(own, "index.ts"), source.replace("cards/eu.json", "cards/us.json"));
    writeFileSync(join(own, "package.json"), JSON.stringify({ name: "two-endpoints", main: "index.ts" }));
    writeFileSync(join(own, "Pulumi.yaml"), "name: two-endpoints\nruntime: nodejs\n");
    return own;
  }
});

/** Copies the example and installs what was built, packed as for a registry, into it. */
async function installInto(folder: string, program: string): Promise<void> {
  const run = async (command: string, ...args: string[]) => {
    const { code, stdout, output } = await capture(command, args, { cwd: folder });
    expect(code, output).toBe(0);
    return stdout.trim();
  };
  cpSync(example, program, { recursive: true });
  await run(process.execPath, join(root, "scripts/build.ts"), join(folder, "dist"));
  const tarball = await run("npm", "pack", "./dist", "--silent");
  const quietly = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await run("npm", "install", "--prefix", program, join(folder, tarball), ...quietly);
}

/** The status with which the endpoint answers a caller with that key. */
async function answer(url: string, key: string): Promise<number> {
  return (await fetch(`${url}/contract`, { headers: { "x-api-key": key } })).status;
}
