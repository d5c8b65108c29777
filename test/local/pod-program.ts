import type { ContainerImage } from "../../local/host/host.ts";
import type { StartedRunPod } from "../support/local-runpod.ts";
import { until } from "../support/until.ts";

// Answers at the gateway's port; each path does something else. Plain JavaScript: it is handed to node as it is.
const program = `
const { existsSync, writeFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { join } = require("node:path");

const { COMFY_ENDPOINTS_LOCAL_PORTS: ports, COMFY_ENDPOINTS_LOCAL_PATH_PREFIX: root } = process.env;
const port = Number(ports.split(",").find((pair) => pair.startsWith("3000:")).split(":")[1]);
const inRoot = (path) => join(root, path);

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://pod");
  const json = (value) => response.setHeader("content-type", "application/json").end(JSON.stringify(value));
  let bytes = 0;
  for await (const chunk of request) bytes += chunk.length;
  if (pathname === "/env") json(process.env);
  else if (pathname === "/echo") json({ method: request.method, url: request.url, headers: request.headers, bytes });
  else if (pathname === "/write") { writeFileSync(inRoot(searchParams.get("path")), "here"); json(true); }
  else if (pathname === "/exists") json(existsSync(inRoot(searchParams.get("path"))));
  else if (pathname === "/pid") json(process.pid);
  else if (pathname === "/exit") process.exit(3);
  else if (pathname === "/half") { response.write("half"); setTimeout(() => request.socket.destroy(), 20); }
  else if (pathname !== "/never") response.writeHead(418).end("teapot");
}).listen(port, "127.0.0.1", () => console.log("listening"));
`;

/** An image whose only environment is what it is given. */
export const podImage = (env: Record<string, string> = {}): ContainerImage => ({
  command: process.execPath,
  args: ["--eval", program],
  cwd: import.meta.dirname,
  env,
});

/** Waits until the program answers through the proxy; a pod that has just started refuses its first requests. */
export async function answering(runpod: StartedRunPod, podId: string): Promise<void> {
  await until(`pod ${podId} answers`, async () => (await fetch(`${runpod.podUrl(podId, 8080)}/pid`)).ok, 15);
}

export async function askPod(runpod: StartedRunPod, podId: string, path: string): Promise<unknown> {
  return (await fetch(`${runpod.podUrl(podId, 8080)}${path}`)).json();
}
