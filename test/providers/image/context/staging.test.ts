import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contextFiles, sha256OfFile } from "../../../../providers/image/context/context-files.ts";
import { stageContext } from "../../../../providers/image/context/staging.ts";
import type { PlannedImage } from "../../../../providers/image/plan/plan.ts";
import { makeRepository, writeFiles } from "../../../support/git-repository.ts";

const sources = {
  "docker/Dockerfile": "FROM scratch\nCOPY . /\n",
  "gateway/main.ts": "serve();\n",
  "gateway/http/routes.ts": "export const routes = [];\n",
  "start.sh": "#!/bin/sh\nexec node gateway/main.ts\n",
};

let umask: number;
let root: string;
let source: string;
let folder: string;
beforeEach(() => {
  umask = process.umask(0o022);
  root = mkdtempSync(join(tmpdir(), "staging-"));
  source = join(root, "source");
  folder = join(root, "images");
  mkdirSync(source);
  makeRepository(source, sources);
});
afterEach(() => {
  process.umask(umask);
  rmSync(root, { recursive: true, force: true });
});

async function planned(): Promise<PlannedImage> {
  const patterns = ["gateway/**/*", "start.sh"];
  const { files } = await contextFiles(source, patterns);
  const dockerfile = join(source, "docker/Dockerfile");
  const inputs = { dockerfile, dockerfileSha256: sha256OfFile(dockerfile), context: source, patterns, buildArgs: {} };
  return { imageRef: "127.0.0.1:5000/me/golden:1-v1-0123456789ab", files, ...inputs };
}

/** Every path below a folder with its mode, and a file's content. */
function seen(at: string): Record<string, string> {
  const paths = readdirSync(at, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    paths.map((path) => {
      const stat = statSync(join(at, path));
      return [path, `${(stat.mode & 0o7777).toString(8)} ${stat.isFile() ? readFileSync(join(at, path), "utf8") : ""}`];
    }),
  );
}

const expected = {
  gateway: "755 ",
  "gateway/http": "755 ",
  "gateway/http/routes.ts": `644 ${sources["gateway/http/routes.ts"]}`,
  "gateway/main.ts": `644 ${sources["gateway/main.ts"]}`,
  "start.sh": `755 ${sources["start.sh"]}`,
};

describe("a staged context", () => {
  it("has the plan's files and nothing else, with modes that no umask and no clone changes", async () => {
    writeFiles(source, { "gateway/scratch.ts": "not tracked\n", "notes.md": "not asked for\n" });
    chmodSync(join(source, "gateway/main.ts"), 0o600);
    for (const mask of [0o077, 0o000]) {
      process.umask(mask);
      rmSync(folder, { recursive: true, force: true });
      const { context } = await stageContext(await planned(), folder);
      expect(seen(context)).toEqual(expected);
    }
  });

  it("lies below its tag, at paths relative to the working folder, with its Dockerfile beside it", async () => {
    const { context, dockerfile } = await stageContext(await planned(), folder);
    const at = relative(process.cwd(), join(folder, "1-v1-0123456789ab"));
    expect({ context, dockerfile }).toEqual({ context: `${at}/context`, dockerfile: `${at}/Dockerfile` });
    expect(readdirSync(at).sort()).toEqual(["Dockerfile", "Dockerfile.dockerignore", "context"]);
    expect(readFileSync(dockerfile, "utf8")).toBe(sources["docker/Dockerfile"]);
    // Comments ignore nothing.
    expect(readFileSync(`${dockerfile}.dockerignore`, "utf8")).toMatch(/^(#.*\n)*$/);
  });

  it("is mended where it was changed", async () => {
    const { context, dockerfile } = await stageContext(await planned(), folder);
    const before = statSync(join(context, "start.sh")).ino;
    writeFileSync(join(context, "gateway/main.ts"), "other();\n");
    rmSync(join(context, "gateway/http"), { recursive: true });
    symlinkSync("/etc", join(context, "gateway/http"));
    writeFiles(context, { "gateway/more.ts": "", "added/file": "" });
    chmodSync(join(context, "start.sh"), 0o700);
    rmSync(dockerfile);
    mkdirSync(dockerfile);
    await stageContext(await planned(), folder);
    expect(seen(context)).toEqual(expected);
    expect(readFileSync(dockerfile, "utf8")).toBe(sources["docker/Dockerfile"]);
    // What was right has stayed: somebody may build from it.
    expect(statSync(join(context, "start.sh")).ino).toBe(before);
  });

  it("may be made by several at once", async () => {
    const image = await planned();
    await stageContext(image, folder);
    writeFileSync(join(folder, "1-v1-0123456789ab/context/start.sh"), "broken");
    const staged = await Promise.all(Array.from({ length: 8 }, () => stageContext(image, folder)));
    for (const { context } of staged) expect(seen(context)).toEqual(expected);
    expect(readdirSync(dirname(staged[0]?.context ?? ""))).toHaveLength(3);
  });

  it("goes when nobody has asked for it in a week", async () => {
    const image = await planned();
    const tags = ["old", "recent", "now"];
    for (const tag of tags.slice(0, 2)) await stageContext({ ...image, imageRef: `example/golden:${tag}` }, folder);
    const daysAgo = (days: number) => (Date.now() - days * 24 * 3_600_000) / 1000;
    utimesSync(join(folder, "old/Dockerfile.dockerignore"), daysAgo(8), daysAgo(8));
    utimesSync(join(folder, "recent/Dockerfile.dockerignore"), daysAgo(6), daysAgo(6));
    await stageContext({ ...image, imageRef: "example/golden:now" }, folder);
    expect(readdirSync(folder).sort()).toEqual(["now", "recent"]);
  });

  it("refuses files that are not any more as they were planned", async () => {
    const image = await planned();
    writeFileSync(join(source, "gateway/main.ts"), "other();\n");
    await expect(stageContext(image, folder)).rejects.toThrow(
      `${join(source, "gateway/main.ts")} was changed since its image was planned; run it again`,
    );
    rmSync(join(source, "gateway/main.ts"));
    await expect(stageContext(image, folder)).rejects.toThrow("was changed since");
  });
});
