import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts } from "../../../local/host/free-ports.ts";
import { gatewayLock, type Lock } from "../../../scripts/gateway-packages.ts";
import { until } from "../../support/until.ts";

/** Repositories on this machine, in place of GitHub's. */
export interface Repositories {
  /** The stand-in in the shape of ComfyUI's own repository. */
  comfyui: { url: string; commit: string };
  /** A node pack with a package that it needs. */
  pack: { url: string; commit: string };
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, "../../..");
const execute = promisify(execFile);

const mainPy = `import os
import sys
here = os.path.dirname(os.path.abspath(__file__))
os.execvp("node", ["node", os.path.join(here, "local/comfyui/main.ts"), *sys.argv[1:]])
`;

export async function serveRepositories(): Promise<Repositories> {
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-git-"));
  const [port = 0] = await freePorts(1);
  const repository = async (name: string): Promise<{ url: string; commit: string }> => {
    const git = async (...args: string[]): Promise<string> =>
      (await execute("git", ["-C", join(folder, name), ...args])).stdout.trim();
    await git("init", "-q");
    await git("add", "--all", "--force");
    await git("-c", "user.name=Test", "-c", "user.email=test@localhost", "commit", "-q", "-m", "All of it");
    return { url: `git://127.0.0.1:${port}/${name}`, commit: await git("rev-parse", "HEAD") };
  };
  writeComfyUi(join(folder, "ComfyUI"));
  mkdirSync(join(folder, "Pack"));
  writeFileSync(join(folder, "Pack/__init__.py"), "NODE_CLASS_MAPPINGS = {}\n");
  writeFileSync(join(folder, "Pack/requirements.txt"), "iniconfig\n");
  const [comfyui, pack] = [await repository("ComfyUI"), await repository("Pack")];

  const args = [
    "daemon",
    "--export-all",
    `--base-path=${folder}`,
    "--listen=127.0.0.1",
    `--port=${port}`,
    "--reuseaddr",
  ];
  const server = spawn("git", ["-c", "uploadpack.allowAnySHA1InWant=true", ...args], {
    // A group of its own: git daemon is a child of git.
    ...{ stdio: "ignore", detached: true },
  });
  const { pid = 0 } = server;
  await until("repositories are served", () =>
    execute("git", ["ls-remote", comfyui.url]).then(
      () => true,
      () => false,
    ),
  );
  return {
    comfyui,
    pack,
    stop: async () => {
      const ended = once(server, "exit");
      process.kill(-pid, "SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function writeComfyUi(folder: string): void {
  for (const name of ["local", "contract", "package.json"]) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  const needed = ["express", "multer", "oled-font-5x7", "pngjs", "ws", "zod"];
  const dependencies = Object.fromEntries(needed.map((name) => [name, ""]));
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
  const { packages } = gatewayLock({ name: "", version: "", type: "module", dependencies }, lock);
  for (const path of Object.keys(packages)) {
    if (path !== "") cpSync(join(root, path), join(folder, path), { recursive: true });
  }
  mkdirSync(join(folder, "input"));
  writeFileSync(join(folder, "input/example.png"), "");
  writeFileSync(join(folder, "main.py"), mainPy);
  writeFileSync(join(folder, "requirements.txt"), "");
}
