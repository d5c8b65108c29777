import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../../local/host/free-ports.ts";
import { until } from "../../support/until.ts";
import { NoTool } from "./docker.ts";

/** The registry that Docker's own images are kept in, on this machine. */
export interface DockerRegistry {
  /** `127.0.0.1:port`, as images are named. */
  host: string;
  /** Pushes an image without layers; returns the digest of its manifest. */
  push: (repository: string, tag: string) => Promise<string>;
  /** Digest of what a tag names, for everybody; undefined when there is no such tag. */
  digest: (repository: string, tag: string) => Promise<string | undefined>;
  stop: () => Promise<void>;
}

/** A password file, for the `auth` setting: it has the user `me`, whose password is `secret`. */
export const htpasswd = "me:$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n";

const missing = "docker-registry is missing";

/**
 * @param auth the registry's `auth` setting, as YAML on one line; without it everybody may push and pull
 * @param authorization header to push with
 * @throws {NoTool} where docker-registry is not installed
 */
export async function startDockerRegistry(
  auth?: string,
  authorization?: (repository: string) => string,
): Promise<DockerRegistry> {
  const folder = mkdtempSync(join(tmpdir(), "docker-registry-"));
  const [port = 0] = await freePorts(1);
  const host = `127.0.0.1:${port}`;
  const config = [
    "version: 0.1",
    "log: {level: error}",
    `storage: {filesystem: {rootdirectory: ${join(folder, "data")}}, delete: {enabled: true}}`,
    `http: {addr: ${host}, secret: a secret of this test}`,
    ...(auth === undefined ? [] : [`auth: ${auth}`]),
  ];
  writeFileSync(join(folder, "config.yml"), `${config.join("\n")}\n`);
  const server = spawn("docker-registry", ["serve", join(folder, "config.yml")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let ended: string | undefined;
  let said = "";
  server.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  server.once("error", () => (ended = missing));
  server.once("exit", () => (ended ??= `docker-registry ended: ${said}`));
  const stop = async (): Promise<void> => {
    if (ended === undefined) await end(server);
    rmSync(folder, { recursive: true, force: true });
  };
  await until("docker-registry answers", async () => ended !== undefined || (await answers(host)));
  if (ended !== undefined) {
    await stop();
    throw ended === missing ? new NoTool(missing) : new Error(ended);
  }
  return {
    ...{ host, stop, digest: (repository, tag) => digest(host, repository, tag) },
    push: (repository, tag) => push(host, repository, tag, authorization?.(repository)),
  };
}

async function digest(host: string, repository: string, tag: string): Promise<string | undefined> {
  const types = ["docker.distribution.manifest.v2", "docker.distribution.manifest.list.v2", "oci.image.manifest.v1"];
  const accept = [...types, "oci.image.index.v1"].map((type) => `application/vnd.${type}+json`).join(", ");
  const url = `http://${host}/v2/${repository}/manifests/${tag}`;
  const response = await fetch(url, { method: "HEAD", headers: { accept } });
  return response.headers.get("docker-content-digest") ?? undefined;
}

async function end(server: ChildProcess): Promise<void> {
  server.kill("SIGTERM");
  await once(server, "exit");
}

const answers = (host: string): Promise<boolean> =>
  fetch(`http://${host}/v2/`).then(
    () => true,
    () => false,
  );

async function push(host: string, repository: string, tag: string, authorization?: string): Promise<string> {
  const headers = authorization === undefined ? {} : { authorization };
  const send = async (
    method: string,
    url: string,
    body?: string,
    type = "application/octet-stream",
  ): Promise<Response> => {
    const init = { method, headers: { ...headers, ...(body !== undefined && { "content-type": type }) } };
    const response = await fetch(url, { ...init, body: body ?? null });
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
    return response;
  };
  const name = `http://${host}/v2/${repository}`;
  const config = JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } });
  const digest = `sha256:${createHash("sha256").update(config).digest("hex")}`;
  const { headers: started } = await send("POST", `${name}/blobs/uploads/`);
  const upload = new URL(started.get("location") ?? "", name);
  upload.searchParams.set("digest", digest);
  await send("PUT", upload.href, config);
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const described = { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: config.length };
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config: described, layers: [] });
  const { headers: pushed } = await send("PUT", `${name}/manifests/${tag}`, manifest, mediaType);
  return pushed.get("docker-content-digest") ?? "";
}
