import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { freePorts } from "../../local/host/free-ports.ts";
import { nginxConf } from "../../scripts/nginx.ts";
import { until } from "../support/until.ts";
import { NoTool } from "./support/docker.ts";
import { beforeAllWithTools } from "./support/tools.ts";

/** nginx with our configuration, before a server that says how it answers. */
let folder: string;
let nginx: ChildProcess;
let missing: string | undefined;
let gateway: Server;
let handle: (incoming: IncomingMessage, response: ServerResponse) => void;
let port: number;
let url: string;

beforeAllWithTools(async () => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-nginx-"));
  // As root it has workers of another user.
  chmodSync(folder, 0o755);
  gateway = createServer((incoming, response) => handle(incoming, response)).listen(0, "127.0.0.1");
  await once(gateway, "listening");
  [port = 0] = await freePorts(1);
  url = `http://127.0.0.1:${port}`;
  const behind = `127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  writeFileSync(join(folder, "nginx.conf"), nginxConf({ listen: `127.0.0.1:${port}`, gateway: behind, folder }));
  nginx = spawn("nginx", ["-e", "stderr", "-g", "daemon off;", "-c", join(folder, "nginx.conf")], { stdio: "ignore" });
  nginx.once("error", () => (missing = "nginx is missing"));
  const accepts = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
  await until("nginx listens", async () => missing !== undefined || (await accepts()));
  if (missing !== undefined) throw new NoTool(missing);
});
afterAll(async () => {
  if (missing === undefined) {
    nginx.kill("SIGTERM");
    await once(nginx, "exit");
  }
  gateway.close();
  gateway.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

it("hands an upload on as it comes, and writes none of it down", async () => {
  let arrived = 0;
  handle = (incoming, response) => {
    incoming.on("data", (chunk: Buffer) => (arrived += chunk.length));
    incoming.on("end", () => response.writeHead(201).end(String(arrived)));
  };
  const upload = request(`${url}/files`, { method: "POST" });
  const answered = once(upload, "response") as Promise<[IncomingMessage]>;
  // Its end comes only after the beginning is there.
  upload.write(Buffer.alloc(5 * 1024 ** 2));
  await until("the beginning is there", () => arrived === 5 * 1024 ** 2);
  const written = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  expect(written.sort()).toEqual(["nginx.conf", "nginx.pid"]);
  upload.end("x");
  const [response] = await answered;
  expect([response.statusCode, await text(response)]).toEqual([201, String(5 * 1024 ** 2 + 1)]);
});

it("hands events on as they happen", async () => {
  let stream: ServerResponse | undefined;
  handle = (_, response) => {
    stream = response;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("event: state\n\n");
  };
  const response = await fetch(`${url}/jobs/a/events`);
  let seen = "";
  for await (const chunk of response.body ?? []) {
    seen += Buffer.from(chunk as Uint8Array).toString();
    if (seen.endsWith("state\n\n")) stream?.write("event: progress\n\n");
    else break;
  }
  expect(seen).toBe("event: state\n\nevent: progress\n\n");
  stream?.end();
});

it("hands a request on as it is: path, query, method, host and key", async () => {
  handle = ({ method, url: path, headers }, response) =>
    response.end(JSON.stringify([method, path, headers.host, headers["x-api-key"]]));
  const response = await fetch(`${url}/jobs/a%20b?wait=1`, { headers: { "x-api-key": "k" } });
  expect(await response.json()).toEqual(["GET", "/jobs/a%20b?wait=1", `127.0.0.1:${port}`, "k"]);
});

it("leaves the size of runs and uploads to the gateway, and refuses a body where none belongs", async () => {
  handle = (incoming, response) => incoming.resume().on("end", () => response.writeHead(202).end());
  const body = Buffer.alloc(3 * 1024 ** 2);
  expect((await fetch(`${url}/run`, { method: "POST", body })).status).toBe(202);
  const refused = await fetch(`${url}/jobs/a/cancel`, { method: "POST", body });
  expect([refused.status, await refused.json()]).toEqual([413, { error: "payload_too_large" }]);
});

it("says in JSON that a method is none of the path's, and which are", async () => {
  const response = await fetch(`${url}/files`, { method: "PUT" });
  expect([response.status, response.headers.get("allow"), await response.json()]).toEqual([
    ...[405, "POST, GET, HEAD"],
    { error: "method_not_allowed" },
  ]);
});

it("says in JSON that the gateway does not answer", async () => {
  handle = (incoming) => incoming.socket.destroy();
  const response = await fetch(`${url}/contract`);
  expect([response.status, response.headers.get("retry-after"), await response.json()]).toEqual([
    ...[503, "5"],
    { error: "not_ready", detail: "the gateway does not answer" },
  ]);
});

async function text(stream: IncomingMessage): Promise<string> {
  return Buffer.concat(await stream.toArray()).toString();
}
