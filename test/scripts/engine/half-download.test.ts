import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { startModule } from "../support/processes.ts";
import { goodBinary, writeGo } from "../support/programs.ts";
import { RepositoryCopy } from "../support/repository-copy.ts";

/** Stands for a download that brings other languages' hosts, then breaks off. */
const breaksOff = `
  import { mkdirSync, writeFileSync } from "node:fs";
  export async function download(folder) {
    writeFileSync(folder + "/bin/pulumi-language-python", "half");
    mkdirSync(folder + "/versions");
    return "broke off";
  }
`;

it("keeps nothing of a download that broke off in the engine that is built instead", async () => {
  const copy = new RepositoryCopy();
  copy.write("scripts/engine/download.js", breaksOff);
  const launcher = join(copy.root, "node_modules/@pulumi/pulumi/pulumi-resource-pulumi-nodejs");
  mkdirSync(dirname(launcher), { recursive: true });
  writeFileSync(launcher, "");
  writeGo(copy.bin, goodBinary);
  const source = `
    const { engine } = await import(process.argv[1]);
    const { binDir, source } = await engine({ onProgress: () => undefined });
    console.log(source + " " + binDir);
  `;
  const engines = join(copy.root, "cache/engine");
  const run = startModule(source, [pathToFileURL(join(copy.root, "scripts/engine/index.js")).href], {
    PATH: copy.bin,
    COMFY_ENDPOINTS_CACHE_DIR: join(copy.root, "cache"),
  });
  const engine = join(engines, "3.258.0");
  expect(await run.ended).toEqual({ code: 0, stdout: `go ${engine}/bin\n`, stderr: "" });
  expect(readdirSync(engine)).toEqual(["bin"]);
  expect(readdirSync(join(engine, "bin")).sort()).toEqual([
    "pulumi",
    "pulumi-language-nodejs",
    "pulumi-resource-pulumi-nodejs",
  ]);
});
