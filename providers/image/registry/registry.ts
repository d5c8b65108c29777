/** What a registry has: its HTTP API, as the OCI distribution specification has it. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { UserError } from "../../../contract/errors.ts";
import { type ImageRef, parseImageRef } from "../image-ref.ts";
import { manifestAddress } from "./address.ts";
import { authorization } from "./authorization.ts";
import { type Login, loginRemedy } from "./login.ts";
import { type SendOptions, send } from "./send.ts";

export interface RegistryOptions extends SendOptions {
  /** Who asks a registry that does not tell everybody; asked for only then, once for each registry. */
  login: (registry: string) => Promise<Login | undefined>;
}

export interface Registry {
  /**
   * Digest of an image's manifest, such as `sha256:…`.
   * @returns undefined when the registry has no such image
   * @throws {UserError} when it does not tell
   */
  digest(imageRef: string): Promise<string | undefined>;
  /**
   * Whether nobody may pull an image without a login. Asked once, and only when that was not seen already.
   * @throws {UserError} when the registry does not answer
   */
  isPrivate(imageRef: string): Promise<boolean>;
}

type Answer = { digest: string | undefined } | { refused: number };

const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

const digestText = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const manifest = z.object({ schemaVersion: z.literal(2) });

export function createRegistry(options: RegistryOptions): Registry {
  const logins = new Map<string, Promise<Login | undefined>>();
  /** Of which everybody is told whether they are there. */
  const shown = new Set<string>();
  const loginFor = (registry: string) => {
    const known = logins.get(registry) ?? options.login(registry);
    logins.set(registry, known);
    return known;
  };
  return {
    digest: async (imageRef) => {
      const image = parseImageRef(imageRef);
      const open = await look(image, undefined, options);
      if ("digest" in open) shown.add(imageRef);
      if ("digest" in open && open.digest !== undefined) return open.digest;
      // Who may not see an image is told by some registries that there is none.
      const login = await loginFor(image.registry);
      const answer = login === undefined ? open : await look(image, login, options);
      // A guess that is refused says nothing against what everybody is told.
      if ("refused" in answer && login?.isGuess === true && "digest" in open) return open.digest;
      if ("refused" in answer) throw refusal(imageRef, image, answer.refused, login);
      return answer.digest;
    },
    isPrivate: async (imageRef) => {
      if (shown.has(imageRef)) return false;
      return "refused" in (await look(parseImageRef(imageRef), undefined, { ...options, retryDelaysMs: [] }));
    },
  };
}

async function look(image: ImageRef, login: Login | undefined, options: SendOptions): Promise<Answer> {
  const address = manifestAddress(image);
  const ask = (method: "HEAD" | "GET", authorized?: string) => {
    const headers = { accept: manifestTypes, ...(authorized !== undefined && { authorization: authorized }) };
    return send(address, { method, headers }, options);
  };
  let authorized: string | undefined;
  let response = await ask("HEAD");
  if (response.status === 401) {
    const answer = await authorization(response.headers.get("www-authenticate"), image, login, options);
    if ("refused" in answer) return answer;
    authorized = answer.header;
    response = await ask("HEAD", authorized);
  }
  const digest = digestText.safeParse(response.headers.get("docker-content-digest")).data;
  // Not every registry tells the digest, or knows HEAD.
  const isFull = response.status === 405 || (response.ok && digest === undefined);
  if (isFull) response = await ask("GET", authorized);
  const { status, ok } = response;
  if (ok) return { digest: digest ?? (await contentDigest(address, response)) };
  await response.body?.cancel();
  if (status === 404) return { digest: undefined };
  if (status === 401 || status === 403) return { refused: status };
  throw new UserError(`${address.host} answers HTTP ${status} to ${address.pathname}; is it a registry?`);
}

async function contentDigest(address: URL, response: Response): Promise<string> {
  const content = Buffer.from(await response.arrayBuffer());
  if (!isManifest(content.toString())) {
    throw new UserError(
      `${address.host} answers ${address.pathname} with something else than a manifest; is it a registry?`,
    );
  }
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

function isManifest(text: string): boolean {
  try {
    return manifest.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

function refusal(imageRef: string, { registry }: ImageRef, status: number, login: Login | undefined): UserError {
  const said = `${registry} does not tell whether it has ${imageRef} (HTTP ${status})`;
  if (login !== undefined)
    return new UserError(`${said}: it refused the login of ${login.source}; give one that may pull`);
  const remedy = `${loginRemedy(registry)}, or run: docker login ${registry}`;
  return new UserError(`${said}, and there is no login for it: ${remedy}`);
}
