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
  /** Digest of what a tag names; undefined when there is no such tag. */
  digest: (repository: string, tag: string) => Promise<string | undefined>;
  /** Tags of a repository, sorted. */
  tags: (repository: string) => Promise<string[]>;
  stop: () => Promise<void>;
}

/** The only user of a registry with a password file. */
export const registryUser = { username: "me", password: "canary-of-the-registry" };
const passwordFile = "me:$2b$04$abcdefghijklmnopqrstuujNG9TNvp2wzcl5tPae97bvCqUFA1Bzu\n";

/** A login as it is sent. */
export const basicOf = ({ username, password }: typeof registryUser): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

const missing = "docker-registry is missing";

/**
 * @param auth `htpasswd` for a registry that nobody but its user may push to or pull from, else the registry's `auth` setting,
 *   as YAML on one line; without it everybody may
 * @param authorization header to push and look with; with `htpasswd` its user's
 * @throws {NoTool} where docker-registry is not installed
 */
export async function startDockerRegistry(
  auth?: string,
  authorization: ((repository: string) => string) | undefined = auth === "htpasswd"
    ? () => basicOf(registryUser)
    : undefined,
): Promise<DockerRegistry> {
  const folder = mkdtempSync(join(tmpdir(), "docker-registry-"));
  writeFileSync(join(folder, "htpasswd"), passwordFile);
  const setting = auth === "htpasswd" ? `{htpasswd: {realm: test, path: ${join(folder, "htpasswd")}}}` : auth;
  const [port = 0] = await freePorts(1);
  const host = `127.0.0.1:${port}`;
  const config = [
    "version: 0.1",
    "log: {level: error}",
    `storage: {filesystem: {rootdirectory: ${join(folder, "data")}}, delete: {enabled: true}}`,
    `http: {addr: ${host}, secret: a secret of this test}`,
    ...(setting === undefined ? [] : [`auth: ${setting}`]),
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
  const headers = (repository: string) => authorizing(authorization?.(repository));
  return {
    ...{ host, stop },
    digest: (repository, tag) => digest(host, repository, tag, headers(repository)),
    tags: async (repository) => {
      const answer = await fetch(`http://${host}/v2/${repository}/tags/list`, { headers: headers(repository) });
      return answer.ok ? (((await answer.json()) as { tags: string[] | null }).tags ?? []).sort() : [];
    },
    push: (repository, tag) => push(host, repository, tag, headers(repository)),
  };
}

type Headers = Record<string, string>;

const authorizing = (authorization: string | undefined): Headers =>
  authorization === undefined ? {} : { authorization };

async function digest(host: string, repository: string, tag: string, headers: Headers): Promise<string | undefined> {
  const types = ["docker.distribution.manifest.v2", "docker.distribution.manifest.list.v2", "oci.image.manifest.v1"];
  const accept = [...types, "oci.image.index.v1"].map((type) => `application/vnd.${type}+json`).join(", ");
  const url = `http://${host}/v2/${repository}/manifests/${tag}`;
  const response = await fetch(url, { method: "HEAD", headers: { ...headers, accept } });
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

async function push(host: string, repository: string, tag: string, headers: Headers): Promise<string> {
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
