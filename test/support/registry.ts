import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An answer that is given instead of the next request's own. */
interface Fault {
  status: number;
  headers?: Record<string, string>;
}

export interface RegistrySettings {
  /** How it wants to be told who asks. @default "token" */
  auth?: "none" | "basic" | "token";
  /** Passwords by user name. */
  users?: Record<string, string>;
  /** Repositories that everybody may pull. */
  open?: string[];
  /** Whether the digest is told in a header, and HEAD is known. @default true */
  tellsDigest?: boolean;
  knowsHead?: boolean;
}

/** A registry that speaks the distribution API and its token authentication, in the shapes that their specifications have. */
export interface TestRegistry {
  /** `127.0.0.1:port`, as images are named. */
  host: string;
  /** `METHOD path` of each request, in order, and who asked. */
  asked: string[];
  /** Faults to answer the next requests with. */
  faults: Fault[];
  settings: RegistrySettings;
  /** Puts a manifest there; returns its digest. */
  put(repository: string, tag: string, mediaType?: string): string;
  /** @param reference a tag, or a digest, which its tags then lead to no more */
  remove(repository: string, reference: string): void;
  close(): void;
}

export const manifestTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  docker: "application/vnd.docker.distribution.manifest.v2+json",
};

interface Grant {
  scope: string;
}

export async function startTestRegistry(settings: RegistrySettings = {}): Promise<TestRegistry> {
  const manifests = new Map<string, { mediaType: string; content: string; digest: string }>();
  const grants = new Map<string, Grant>();
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const registry: TestRegistry = {
    ...{ host, asked: [], faults: [], settings },
    put: (repository, tag, mediaType = manifestTypes.manifest) => {
      const content = JSON.stringify({ schemaVersion: 2, mediaType, annotations: { of: `${repository}:${tag}` } });
      const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
      for (const reference of [tag, digest])
        manifests.set(`${repository} ${reference}`, { mediaType, content, digest });
      return digest;
    },
    remove: (repository, reference) => {
      for (const [key, { digest }] of manifests) {
        if (key === `${repository} ${reference}` || (key.startsWith(`${repository} `) && digest === reference)) {
          manifests.delete(key);
        }
      }
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", `http://${host}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const user = basicUser(request);
    registry.asked.push(`${request.method ?? ""} ${url.pathname}${user === undefined ? "" : ` as ${user.name}`}`);
    const fault = registry.faults.shift();
    if (fault !== undefined) response.writeHead(fault.status, fault.headers).end();
    else if (url.pathname === "/token") giveToken(request, response, url, Buffer.concat(chunks).toString());
    else giveManifest(request, response, url);
  }

  const knows = (user: { name: string; password: string } | undefined): boolean =>
    user !== undefined && registry.settings.users?.[user.name] === user.password;

  function giveToken(request: IncomingMessage, response: ServerResponse, url: URL, body: string): void {
    const isOauth = request.method === "POST";
    const query = isOauth ? new URLSearchParams(body) : url.searchParams;
    const user = basicUser(request);
    const [, repository = "", actions] = query.get("scope")?.split(":") ?? [];
    const isKnown = isOauth
      ? query.get("grant_type") === "refresh_token" && query.get("refresh_token") === "identity"
      : user === undefined
        ? registry.settings.open?.includes(repository) === true
        : knows(user);
    if (query.get("service") !== "the test registry" || actions !== "pull" || !isKnown) {
      json(response, user === undefined ? 403 : 401, { errors: [{ code: "DENIED" }] });
      return;
    }
    const token = randomUUID();
    grants.set(token, { scope: `repository:${repository}:pull` });
    json(response, 200, isOauth ? { access_token: token } : { token, expires_in: 60 });
  }

  function giveManifest(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const { auth = "token", tellsDigest = true, knowsHead = true } = registry.settings;
    const [, repository = "", reference = ""] = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(url.pathname) ?? [];
    const scope = `repository:${repository}:pull`;
    const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? "")?.[1];
    const isKnown =
      auth === "none" || (auth === "basic" ? knows(basicUser(request)) : grants.get(token ?? "")?.scope === scope);
    if (!isKnown) {
      const challenge =
        auth === "basic"
          ? 'Basic realm="test"'
          : `Bearer realm="http://${host}/token",service="the test registry",scope="${scope}"`;
      json(response, 401, { errors: [{ code: "UNAUTHORIZED" }] }, { "www-authenticate": challenge });
      return;
    }
    const found = manifests.get(`${repository} ${reference}`);
    if (request.method === "HEAD" && !knowsHead) json(response, 405, { errors: [{ code: "UNSUPPORTED" }] });
    else if (found === undefined) json(response, 404, { errors: [{ code: "MANIFEST_UNKNOWN" }] });
    else if (!(request.headers.accept ?? "").split(/,\s*/).includes(found.mediaType)) json(response, 406, {});
    else {
      const { mediaType, content, digest } = found;
      response.writeHead(200, { "content-type": mediaType, ...(tellsDigest && { "docker-content-digest": digest }) });
      response.end(request.method === "HEAD" ? undefined : content);
    }
  }

  return registry;
}

function basicUser({ headers }: IncomingMessage): { name: string; password: string } | undefined {
  const encoded = /^Basic (.*)$/.exec(headers.authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const [name = "", password = ""] = Buffer.from(encoded, "base64").toString().split(/:(.*)/s);
  return { name, password };
}

function json(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
