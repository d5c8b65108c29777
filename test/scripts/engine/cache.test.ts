import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cacheFolder, isCached, makeInCache } from "../../../scripts/engine/cache.js";
import { engineVersion } from "../../../scripts/engine/version.js";
import { script, startModule } from "../support/processes.ts";
import { deadPid, writeProgram } from "../support/programs.ts";
import { tempFolder } from "../support/temp-folder.ts";

const quiet = { onProgress: (line: string) => expect.fail(line) };

/** Makes an engine in the draft folder as it should be, the given word in its pulumi. */
const makes = (word: string) => (folder: string) => {
  for (const name of ["pulumi", "pulumi-language-nodejs"]) writeProgram(join(folder, "bin", name), `echo ${word}`);
  return Promise.resolve(word);
};

function emptyCache() {
  const folder = tempFolder();
  const env = { COMFY_ENDPOINTS_CACHE_DIR: folder };
  return { env, engines: join(folder, "engine"), pulumi: join(cacheFolder(env), "bin/pulumi") };
}

describe("the cache folder", () => {
  it.each<[string, NodeJS.ProcessEnv, NodeJS.Platform, string]>([
    ["below the home folder", { HOME: "/h" }, "linux", "/h/.cache/comfy-endpoints/engine"],
    ["where the user's caches are", { HOME: "/h", XDG_CACHE_HOME: "/x" }, "linux", "/x/comfy-endpoints/engine"],
    [
      "where macOS has caches",
      { HOME: "/h", XDG_CACHE_HOME: "/x" },
      "darwin",
      "/h/Library/Caches/comfy-endpoints/engine",
    ],
    ["where it is wanted", { HOME: "/h", COMFY_ENDPOINTS_CACHE_DIR: "/c" }, "darwin", "/c/engine"],
    [
      "below the home folder, when a variable is empty",
      { HOME: "/h", XDG_CACHE_HOME: "", COMFY_ENDPOINTS_CACHE_DIR: "" },
      "linux",
      "/h/.cache/comfy-endpoints/engine",
    ],
    ["below the account's home folder without HOME", {}, "linux", join(homedir(), ".cache/comfy-endpoints/engine")],
    [
      "absolute when a relative one is wanted",
      { COMFY_ENDPOINTS_CACHE_DIR: "c" },
      "linux",
      join(process.cwd(), "c/engine"),
    ],
  ])("is %s, and of this version only", (_, env, platform, expected) => {
    expect(cacheFolder(env, platform)).toBe(join(expected, engineVersion));
  });
});

describe("an engine that is made", () => {
  it("gets into the cache as a whole, with the launcher of dynamic providers, and nothing else stays", async () => {
    const { env, engines, pulumi } = emptyCache();
    expect(isCached(env)).toBe(false);
    expect(await makeInCache({ env, ...quiet }, makes("made"))).toBe("made");
    expect(readdirSync(engines)).toEqual([engineVersion]);
    expect(readdirSync(join(pulumi, "..")).sort()).toEqual([
      "pulumi",
      "pulumi-language-nodejs",
      "pulumi-resource-pulumi-nodejs",
    ]);
    expect(isCached(env)).toBe(true);
  });

  it("is not made again, nor touched", async () => {
    const { env, pulumi } = emptyCache();
    await makeInCache({ env, ...quiet }, makes("first"));
    expect(await makeInCache({ env, ...quiet }, makes("second"))).toBeUndefined();
    expect(readFileSync(pulumi, "utf8")).toContain("echo first");
  });

  it("replaces one that is not whole", async () => {
    const { env, pulumi } = emptyCache();
    await makeInCache({ env, ...quiet }, makes("first"));
    rmSync(join(pulumi, "../pulumi-language-nodejs"));
    expect(isCached(env)).toBe(false);
    expect(await makeInCache({ env, ...quiet }, makes("second"))).toBe("second");
    expect(readFileSync(pulumi, "utf8")).toContain("echo second");
  });

  it("does not replace one of another version", async () => {
    const { env, engines } = emptyCache();
    writeProgram(join(engines, "3.1.0/bin/pulumi"), "");
    await makeInCache({ env, ...quiet }, makes("made"));
    expect(readdirSync(engines).sort()).toEqual(["3.1.0", engineVersion]);
  });

  it("leaves nothing when that fails half-way, and the error is handed on as it is", async () => {
    const { env, engines } = emptyCache();
    const error = new Error("broke off");
    const making = makeInCache({ env, ...quiet }, async (folder) => {
      await makes("half")(folder);
      throw error;
    });
    await expect(making).rejects.toBe(error);
    expect(readdirSync(engines)).toEqual([]);
  });

  it("leaves nothing for good when its process is killed half-way", async () => {
    const { env, engines, pulumi } = emptyCache();
    const source = `
      import { writeFileSync } from "node:fs";
      import { makeInCache } from ${script("engine/cache.js")};
      await makeInCache({ env: process.env, onProgress: console.log }, (folder) => {
        writeFileSync(folder + "/bin/pulumi", "half");
        process.kill(process.pid, "SIGKILL");
        return new Promise(() => undefined);
      });
    `;
    const killed = startModule(source, [], env);
    expect((await killed.ended).code).toBe("SIGKILL");
    expect(readdirSync(engines).sort()).toEqual([".lock", `.making-${killed.pid}`]);
    expect(isCached(env)).toBe(false);
    expect(await makeInCache({ env, ...quiet }, makes("made"))).toBe("made");
    expect(readdirSync(engines)).toEqual([engineVersion]);
    expect(readFileSync(pulumi, "utf8")).toContain("echo made");
  });

  it("lets a draft be that a living process works on", async () => {
    const { env, engines } = emptyCache();
    for (const pid of [deadPid, process.ppid]) mkdirSync(join(engines, `.making-${pid}`), { recursive: true });
    await makeInCache({ env, ...quiet }, makes("made"));
    expect(readdirSync(engines).sort()).toEqual([`.making-${process.ppid}`, engineVersion]);
  });
});

describe("a cache that cannot be written", () => {
  const fails = (code: string) => () => Promise.reject(Object.assign(new Error(`${code}: said the system`), { code }));

  it.each(["ENOSPC", "EDQUOT"])("because of %s is one line that names the folder and the remedy", async (code) => {
    const { env, engines } = emptyCache();
    await expect(makeInCache({ env, ...quiet }, fails(code))).rejects.toMatchObject({
      name: "SetupError",
      message:
        `no space left on the disk while making the Pulumi engine in ${engines}: ` +
        "it needs about 2.5 GB there and in Go's caches (`go env GOCACHE GOMODCACHE` tells where) together; " +
        "free some space, or name another folder in COMFY_ENDPOINTS_CACHE_DIR, and run this again",
    });
    expect(readdirSync(engines)).toEqual([]);
  });

  it("because a file is in its place is one line that names the folder and the remedy", async () => {
    const file = join(tempFolder(), "file");
    writeFileSync(file, "");
    await expect(
      makeInCache({ env: { COMFY_ENDPOINTS_CACHE_DIR: file }, ...quiet }, makes("made")),
    ).rejects.toMatchObject({
      name: "SetupError",
      message:
        `the cache folder ${file}/engine cannot be written (ENOTDIR); ` +
        "make it writable, or name another one in COMFY_ENDPOINTS_CACHE_DIR",
    });
    expect(existsSync(file)).toBe(true);
  });
});
