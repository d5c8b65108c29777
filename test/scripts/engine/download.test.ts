import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { download } from "../../../scripts/engine/download.js";
import { script, startModule } from "../support/processes.ts";
import { RepositoryCopy } from "../support/repository-copy.ts";

/** A server on this machine that answers every request with that; with nothing, it never answers. */
async function serve(answer?: string): Promise<{ url: string; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    if (answer !== undefined) socket.once("data", () => socket.end(`HTTP/1.1 ${answer}\r\ncontent-length: 0\r\n\r\n`));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return { url: `http://127.0.0.1:${address.port}/install.sh`, server };
}

/** Downloads from there in this process; whatever is started or told fails the test. */
const downloadFrom = (url: string, signal?: AbortSignal) =>
  download("/nowhere", {
    env: {},
    url,
    ...(signal && { signal }),
    progress: { onProgress: (line) => expect.fail(line) },
    onStart: () => expect.fail("started the installer"),
  });

describe("a download that cannot be reached", () => {
  it("is given up at once when the connection is refused", async () => {
    const { url, server } = await serve();
    server.close();
    await once(server, "close");
    const { host } = new URL(url);
    expect(await downloadFrom(url)).toBe(`${host}: connect ECONNREFUSED ${host}`);
  });

  it("says why also when its host has several addresses, and all of them refuse", async () => {
    const { url, server } = await serve();
    server.close();
    await once(server, "close");
    const { port } = new URL(url);
    const source = `
      import dns from "node:dns";
      dns.lookup = (_host, _options, answer) => answer(null, ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, family: 4 })));
      const { download } = await import(${script("engine/download.js")});
      console.log(await download("/nowhere", { env: {}, url: process.argv[1] }));
    `;
    const { stdout } = await startModule(source, [`http://two.test:${port}/`]).ended;
    expect(stdout).toBe(`two.test:${port}: ECONNREFUSED\n`);
  });

  it("is given up after four seconds when nothing answers", async () => {
    const { url } = await serve();
    const since = performance.now();
    expect(await downloadFrom(url)).toBe(`${new URL(url).host}: no answer within 4 s`);
    expect(performance.now() - since).toBeGreaterThan(3_900);
  });

  it("is given up at once when the answer is no", async () => {
    const { url } = await serve("403 Forbidden");
    expect(await downloadFrom(url)).toBe(`${new URL(url).host}: HTTP 403`);
  });

  it("ends as soon as the user asks to stop, with that as the reason", async () => {
    const { url, server } = await serve();
    const stopping = new AbortController();
    const reason = new Error("stopped");
    server.once("connection", () => stopping.abort(reason));
    const since = performance.now();
    await expect(downloadFrom(url, stopping.signal)).rejects.toBe(reason);
    expect(performance.now() - since).toBeLessThan(3_000);
    await expect(downloadFrom(url, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe("the installer", () => {
  /** Runs the download in a copy of the repository, where that module is the installer. */
  async function install(installer: string, installMs = 20_000) {
    const { url } = await serve("200 OK");
    const copy = new RepositoryCopy();
    copy.write("scripts/engine/installer.js", installer);
    const source = `
      const [module, folder, url, ms] = process.argv.slice(1);
      const { download } = await import(module);
      const progress = { onProgress: console.log };
      const onStart = (pid) => console.log("pid " + pid);
      console.log("failed: " + (await download(folder, { env: {}, progress, onStart, url, installMs: Number(ms) })));
    `;
    const folder = join(copy.root, "draft");
    mkdirSync(join(folder, "bin"), { recursive: true });
    const module = pathToFileURL(join(copy.root, "scripts/engine/download.js")).href;
    const { stdout, stderr } = await startModule(source, [module, folder, url, String(installMs)]).ended;
    expect(stderr).toBe("");
    return stdout
      .replace(new URL(url).host, "HOST")
      .replace(/\d+ s\b/, "N s")
      .replace(/pid \d+/, "pid N");
  }
  const begins = "Downloading Pulumi 3.258.0 from HOST\npid N\n";
  const brings = (version: string) => `
    import { writeFileSync } from "node:fs";
    writeFileSync(process.argv[2] + "/bin/pulumi", "#!/bin/sh\\necho v${version}\\n", { mode: 0o755 });
  `;

  it("brings the engine", async () => {
    expect(await install(brings("3.258.0"))).toBe(`${begins}Downloaded Pulumi 3.258.0 in N s\nfailed: undefined\n`);
  });

  it("has failed when what it brings is something else", async () => {
    expect(await install(brings("3.257.0"))).toBe(`${begins}failed: what came does not run here\n`);
    expect(await install("")).toBe(`${begins}failed: what came does not run here\n`);
  });

  it("has failed with the last line that it printed", async () => {
    const fails = `console.log("first"); console.error("no such release"); process.exitCode = 1;`;
    expect(await install(fails)).toBe(`${begins}failed: no such release\n`);
  });

  it("is ended when it takes too long", async () => {
    expect(await install("setInterval(() => undefined, 1000);", 300)).toBe(`${begins}failed: not finished after N s\n`);
  });
});
