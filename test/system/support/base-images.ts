import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { userCache } from "../../../scripts/engine/cache.js";
import { type Docker, NoTool } from "./docker.ts";

/** Names of images that stand where those of a registry do: nothing is pulled. */
export const baseImages = {
  python: "comfy-endpoints-test/python",
  node: "comfy-endpoints-test/node",
} as const;

const debianImage = "comfy-endpoints-test/debian";
const certificates = "/etc/ssl/certs/ca-certificates.crt";
const execute = promisify(execFile);

/**
 * Makes both: Debian with Python, and that with this machine's npm and the Node that runs this.
 * @throws {NoTool} without debootstrap
 */
export async function importBaseImages(docker: Pick<Docker, "run">): Promise<void> {
  await docker.run("import", await debian(), debianImage);
  // A proxy that this machine's programs trust is between the images and their packages, too.
  const trust = ["PIP_CERT", "NODE_EXTRA_CA_CERTS"].map((name) => `${name}=${certificates}`).join(" ");
  await buildImage(docker, baseImages.python, { "ca.crt": certificates }, [
    `FROM ${debianImage}`,
    `COPY ca.crt ${certificates}`,
    `ENV ${trust}`,
  ]);
  await buildImage(docker, baseImages.node, { node: process.execPath, npm: await npmFolder() }, [
    `FROM ${baseImages.python}`,
    "COPY node /usr/local/bin/node",
    "COPY npm /usr/local/lib/node_modules/npm",
    "RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm",
  ]);
}

/** nginx, as Debian has it. Answers the image's name. */
export async function buildNginxImage(docker: Pick<Docker, "run">): Promise<string> {
  const install = "apt-get update && apt-get install -y --no-install-recommends nginx-light";
  return await buildImage(docker, "comfy-endpoints-test/nginx", {}, [`FROM ${baseImages.python}`, `RUN ${install}`]);
}

/** @param files what lies beside the Dockerfile, by name: paths of this machine */
async function buildImage(
  { run }: Pick<Docker, "run">,
  tag: string,
  files: Record<string, string>,
  lines: readonly string[],
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-image-"));
  try {
    for (const [name, path] of Object.entries(files))
      cpSync(path, join(folder, name), { recursive: true, dereference: true });
    writeFileSync(join(folder, "Dockerfile"), lines.join("\n"));
    await run("build", "--tag", tag, folder);
    return tag;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Debian with Python as a tar file, from the user's cache: it takes a minute or two to make. */
async function debian(): Promise<string> {
  const folder = join(userCache(process.env), "debian");
  const tar = join(folder, "bookworm-python.tar");
  if (existsSync(tar)) return tar;
  mkdirSync(folder, { recursive: true });
  const draft = mkdtempSync(join(folder, ".making-"));
  try {
    const include = "--include=ca-certificates,python3-venv";
    await execute("debootstrap", ["--variant=minbase", include, "bookworm", join(draft, "tree")]);
    const packages = "--exclude=./var/cache/apt/archives/*.deb";
    await execute("tar", ["-C", join(draft, "tree"), packages, "-cf", join(draft, "tar"), "."]);
    renameSync(join(draft, "tar"), tar);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new NoTool("debootstrap is missing");
    throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return tar;
}

async function npmFolder(): Promise<string> {
  const { stdout } = await execute("which", ["npm"]);
  return dirname(dirname(realpathSync(stdout.trim())));
}
