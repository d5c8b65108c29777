import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { hiddenBy } from "../../providers/image/context/ignore-file.ts";
import { writeFiles } from "../support/git-repository.ts";
import { type Docker, startDocker } from "./support/docker.ts";
import { beforeAllWithTools } from "./support/tools.ts";

const files = [
  ...["README.md", "a.py", "ab.py", "c++.txt", "x{1}.txt", "src/a.py", "src/a.log", "src/keep.log", "src/sub/a.log"],
  ...["src/sub/deep/b.py", "docs/src/a.py", "docs/index.md", "logs/1", "logs/2/x", "abc", "ac", "a/c", "a/b/c", "[1]"],
];

let folder: string;
let docker: Docker;

beforeAllWithTools(async () => {
  folder = mkdtempSync(join(tmpdir(), "ignore-file-test-"));
  writeFiles(folder, Object.fromEntries(files.map((path) => [`context/${path}`, "x"])));
  writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY . /context/\nCMD none\n");
  docker = await startDocker();
});
afterAll(async () => {
  await (docker as Docker | undefined)?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * What Docker puts into an image that takes its whole context. The classic builder, which is asked here, does not look into a
 * hidden folder for a file that is an exception by an asterisk, which BuildKit does.
 */
async function built(ignore: string): Promise<string[]> {
  const [context, image, copy] = [join(folder, "context"), "ignore-file-test", join(folder, "copy")];
  writeFileSync(join(context, ".dockerignore"), ignore);
  await docker.run("build", "--tag", image, "--file", join(folder, "Dockerfile"), context);
  const container = await docker.run("create", image);
  rmSync(copy, { recursive: true, force: true });
  await docker.run("cp", `${container}:/context`, copy);
  await docker.run("rm", container);
  await docker.run("rmi", image);
  const found = globSync("**/*", { cwd: copy, withFileTypes: true }).filter((entry) => entry.isFile());
  return found.map((entry) => join(entry.parentPath, entry.name).slice(copy.length + 1)).sort();
}

it.each([
  "*.md\n# logs\n  logs  \n",
  "**/*.log\n!src/keep.log\n",
  "*\n!src\n**/*.log\n!src/sub/*.log\n",
  "src/\n/logs/2/../1\n",
  "?.py\n[a-c]*/c\nc++.txt\nx{1}.txt\n",
  "a**c\n",
  "a/**\n!a/b\n",
  "**/src\n",
  "*/*\n!docs/index.md\n",
  "**\n!docs/src/*.py\n",
  "*\n!a/b\na\n",
  "\\[1\\]\nc\\+*\n",
  "!README.md\n*.md\n",
])("Docker hides what %j hides here", async (ignore) => {
  const hides = hiddenBy(ignore, ".dockerignore");
  expect(await built(ignore)).toEqual(files.filter((path) => !hides(path)).sort());
});
