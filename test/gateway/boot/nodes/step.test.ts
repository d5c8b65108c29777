import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { artifactsSchema } from "../../../../contract/models/artifact.ts";
import { nodePacks } from "../../../../contract/nodes/packs.ts";
import { BootFailure } from "../../../../gateway/boot/failure.ts";
import { bringNodes } from "../../../../gateway/boot/nodes/step.ts";
import { createLog } from "../../../../gateway/log.ts";
import { createNodeFolders, type NodeFolders, python, type Repository } from "../../../support/node-packs.ts";
import { until } from "../../../support/until.ts";

let folders: NodeFolders;
let pack: Repository;
let log: Record<string, unknown>[];
let news: unknown[];
let ending: AbortController;
beforeEach(() => {
  folders = createNodeFolders();
  pack = folders.repository("Pack.git");
  [log, news, ending] = [[], [], new AbortController()];
});
afterEach(() => {
  ending.abort();
  folders.remove();
});

const never = new AbortController().signal;
/** One boot's packs. */
const bring = (
  artifacts: { source_url: string; ref: string; target_path?: string }[],
  abort = never,
  program = python,
) =>
  bringNodes(
    {
      packs: nodePacks(artifactsSchema.parse(artifacts.map((each) => ({ kind: "custom_node", ...each }))), "the app"),
      ...{ comfy: folders.comfy, python: program ?? "", env: folders.env },
      log: createLog((line) => log.push(JSON.parse(line) as Record<string, unknown>)),
    },
    (each) => news.push(each),
    abort,
  );
const failure = async (...args: Parameters<typeof bring>) => {
  const error: unknown = await bring(...args).catch((thrown: unknown) => thrown);
  if (error instanceof BootFailure) return error.failure;
  throw new Error("it did not fail", { cause: error });
};
const nodes = (path = ""): string => join(folders.comfy, "custom_nodes", path);
const nobody = "0".repeat(40);

describe.skipIf(python === undefined)("a pack of nodes", () => {
  it("is fetched at its commit and no other, with its packages", async () => {
    const ref = pack.commit({ "__init__.py": "1", "requirements.txt": "numpy\n" });
    pack.commit({ "__init__.py": "2" });
    await bring([{ source_url: pack.url, ref }]);
    expect(readFileSync(nodes("Pack/__init__.py"), "utf8")).toBe("1");
    expect(folders.pipCalls()).toEqual([
      ["install", "-q", "--uploaded-prior-to", expect.stringMatching(/^20\d\d-/), "-r", nodes("Pack/requirements.txt")],
    ]);
    expect(news).toEqual([{ detail: "Pack", progress: 0 }]);
    expect(readdirSync(nodes())).toEqual(["Pack"]);
  });

  it("that is there is not touched by the next boot", async () => {
    const ref = pack.commit({ "requirements.txt": "numpy\n" });
    await bring([{ source_url: pack.url, ref }]);
    const { ino } = statSync(nodes("Pack"));
    rmSync(pack.url, { recursive: true });
    await bring([{ source_url: pack.url, ref }]);
    expect([statSync(nodes("Pack")).ino, folders.pipCalls().length]).toEqual([ino, 1]);
  });

  it("is taken anew at another commit, and when its requirements are not those that were installed", async () => {
    await bring([{ source_url: pack.url, ref: pack.commit({ "old.py": "", "requirements.txt": "numpy\n" }) }]);
    const ref = pack.commit({ "new.py": "", "requirements.txt": "numpy\n" });
    await bring([{ source_url: pack.url, ref }]);
    expect(readdirSync(nodes("Pack")).sort()).toEqual([".git", "new.py", "requirements.txt"]);
    writeFileSync(nodes("Pack/requirements.txt"), "");
    await bring([{ source_url: pack.url, ref }]);
    expect([readFileSync(nodes("Pack/requirements.txt"), "utf8"), folders.pipCalls().length]).toEqual(["numpy\n", 3]);
    expect(readdirSync(nodes())).toEqual(["Pack"]);
  });

  it("that another commit replaced by half is taken anew at the first one", async () => {
    const requirements = { "requirements.txt": "numpy\n" };
    const first = pack.commit({ "a.py": "1", ...requirements });
    await bring([{ source_url: pack.url, ref: first }]);
    folders.pipDoes("sys.exit(1)");
    await failure([{ source_url: pack.url, ref: pack.commit({ "a.py": "2", ...requirements }) }]);
    folders.pipDoes("");
    await bring([{ source_url: pack.url, ref: first }]);
    expect(readFileSync(nodes("Pack/a.py"), "utf8")).toBe("1");
  });

  it("lies in the folder that the app names", async () => {
    await bring([{ source_url: pack.url, ref: pack.commit({ "a.py": "" }), target_path: "other-name" }]);
    expect(readdirSync(nodes())).toEqual(["other-name"]);
  });

  it("whose installation was broken off is done anew; nothing of it runs on", async () => {
    const ref = pack.commit({ "a.py": "", "requirements.txt": "numpy\n" });
    const pidFile = join(folders.folder, "pid");
    folders.pipDoes(`import os, time\nopen(${JSON.stringify(pidFile)}, "w").write(str(os.getpid()))\ntime.sleep(600)`);
    const broken = bring([{ source_url: pack.url, ref }], ending.signal);
    await until("pip runs", () => existsSync(pidFile) && readFileSync(pidFile, "utf8") !== "");
    ending.abort(new Error("the gateway ends"));
    await expect(broken).rejects.toThrow("the gateway ends");
    const pid = Number(readFileSync(pidFile, "utf8"));
    await until("pip is gone", () => !isAlive(pid));

    folders.pipDoes("");
    // What an end in the middle of git's work leaves.
    mkdirSync(nodes("Pack.new.disabled/half"), { recursive: true });
    await bring([{ source_url: pack.url, ref }]);
    expect([readdirSync(nodes()), folders.pipCalls().length]).toEqual([["Pack"], 2]);
    expect(readdirSync(nodes("Pack")).sort()).toEqual([".git", "a.py", "requirements.txt"]);
  });

  it("that cannot be had ends the boot, naming it; the others are installed all the same", async () => {
    const other = folders.repository("other");
    const found = await failure([
      { source_url: pack.url, ref: nobody },
      { source_url: other.url, ref: other.commit({ "a.py": "" }) },
    ]);
    expect(found.stage).toBe("custom_node_resolution");
    expect(found.reason).toContain(
      `artifacts[0], "${pack.url}" at 000000000000 cannot be installed: git fetch failed:`,
    );
    expect(found.details).toMatchObject({
      unresolved_custom_nodes: [{ kind: "custom_node", folder: "Pack", ref: nobody, reason: "install_failed" }],
    });
    expect(readdirSync(nodes()).filter((name) => !name.endsWith(".disabled"))).toEqual(["other"]);
  });

  it("whose packages cannot be had ends the boot with what pip said", async () => {
    folders.pipDoes('sys.exit("ERROR: No matching distribution found for nonsense")');
    const ref = pack.commit({ "requirements.txt": "nonsense\n" });
    const { reason, details } = await failure([{ source_url: pack.url, ref }]);
    expect(reason).toContain(`pip does not install ${nodes("Pack/requirements.txt")}`);
    expect(JSON.stringify(details)).toContain("No matching distribution found for nonsense");
    expect(log.map(({ line }) => line)).toContain("ERROR: No matching distribution found for nonsense");
    folders.pipDoes("");
    await bring([{ source_url: pack.url, ref }]);
    expect(folders.pipCalls()).toHaveLength(2);
  });

  it("does not take the place of what is no pack", async () => {
    mkdirSync(nodes("comfy_endpoints"), { recursive: true });
    const artifact = { source_url: pack.url, ref: pack.commit({ "a.py": "" }), target_path: "comfy_endpoints" };
    expect((await failure([artifact])).reason).toContain(
      "comfy_endpoints is there, and is no clone; choose another folder for the pack",
    );
    expect(readdirSync(nodes("comfy_endpoints"))).toEqual([]);
  });

  it("without a commit is not fetched: it would be another one at the next boot", async () => {
    pack.commit({ "a.py": "" });
    expect((await failure([{ source_url: pack.url, ref: "main" }])).reason).toContain(
      'its ref is "main", and no commit',
    );
  });

  it("learns nothing of the gateway's own environment", async () => {
    folders.pipDoes(`open(${JSON.stringify(join(folders.folder, "env"))}, "w").write(" ".join(os.environ))`);
    process.env["RUNPOD_API_KEY"] = "secret";
    try {
      await bring([{ source_url: pack.url, ref: pack.commit({ "requirements.txt": "" }) }]);
    } finally {
      delete process.env["RUNPOD_API_KEY"];
    }
    expect(readFileSync(join(folders.folder, "env"), "utf8")).not.toContain("RUNPOD");
  });
});

describe("packs of nodes", () => {
  it("need a Python", async () => {
    const found = await failure([{ source_url: pack.url, ref: nobody }], never, "no-such-python");
    expect(found.reason).toContain("no-such-python cannot be run: spawn no-such-python ENOENT");
  });

  it("are left out where there is no ComfyUI", async () => {
    rmSync(folders.comfy, { recursive: true });
    await bring([{ source_url: pack.url, ref: nobody }]);
    expect(log).toMatchObject([{ level: "warn", msg: "no node packs are installed: there is no ComfyUI" }]);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
