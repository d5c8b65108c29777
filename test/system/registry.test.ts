import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Login } from "../../providers/image/registry/login.ts";
import { createRegistry } from "../../providers/image/registry/registry.ts";
import { selfSigned } from "../support/certificate.ts";
import { NoTool } from "./support/docker.ts";
import { basicOf, type DockerRegistry, registryUser, startDockerRegistry } from "./support/docker-registry.ts";

const me: Login = { source: "this test", ...registryUser };
const stranger: Login = { ...me, password: "wrong" };
const nowhere = `sha256:${"0".repeat(64)}`;

let folder: string;
let registry: DockerRegistry | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "registry-"));
});
afterEach(async () => {
  await registry?.stop();
  registry = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Skips where the registry is not installed. */
async function start(
  context: { skip: (note: string) => never },
  ...settings: Parameters<typeof startDockerRegistry>
): Promise<DockerRegistry> {
  try {
    return (registry = await startDockerRegistry(...settings));
  } catch (error) {
    if (error instanceof NoTool) context.skip(error.message);
    throw error;
  }
}

function digest(imageRef: string, login?: Login): Promise<string | undefined> {
  return createRegistry({ timeoutMs: 10_000, retryDelaysMs: [], login: () => Promise.resolve(login) }).digest(imageRef);
}

describe("a real registry", () => {
  it("that is open tells what it has", async (context) => {
    const { host, push } = await start(context);
    const pushed = await push("me/golden", "1");
    expect(await digest(`${host}/me/golden:1`)).toBe(pushed);
    expect(await digest(`${host}/me/golden@${pushed}`)).toBe(pushed);
    expect(await digest(`${host}/me/golden:2`)).toBeUndefined();
    expect(await digest(`${host}/me/golden@${nowhere}`)).toBeUndefined();
    expect(await digest(`${host}/me/none:1`)).toBeUndefined();
  });

  it("that wants a password tells who has it, and nobody else", async (context) => {
    const { host, push } = await start(context, "htpasswd");
    const pushed = await push("me/golden", "1");
    expect(await digest(`${host}/me/golden:1`, me)).toBe(pushed);
    expect(await digest(`${host}/me/golden:2`, me)).toBeUndefined();
    for (const login of [undefined, stranger]) {
      await expect(digest(`${host}/me/golden:1`, login)).rejects.toThrow("(HTTP 401)");
    }
  });

  it("that wants tokens tells who gets one for that repository", async (context) => {
    const tokens = await startTokenServer();
    try {
      const token = `{token: {realm: "${tokens.url}", service: s, issuer: i, rootcertbundle: ${tokens.bundle}}}`;
      const settings = [token, (name: string) => `Bearer ${tokens.sign(name, ["pull", "push"])}`] as const;
      const { host, push } = await start(context, ...settings);
      const pushed = await push("me/golden", "1");
      const opened = await push("open/golden", "1");
      expect(await digest(`${host}/me/golden:1`, me)).toBe(pushed);
      expect(await digest(`${host}/me/golden:2`, me)).toBeUndefined();
      expect(await digest(`${host}/open/golden:1`)).toBe(opened);
      // A token that allows nothing is what many servers give to strangers.
      for (const login of [undefined, stranger]) {
        await expect(digest(`${host}/me/golden:1`, login)).rejects.toThrow("(HTTP 401)");
      }
    } finally {
      tokens.close();
    }
  });
});

/** Gives tokens that the registry trusts: to pull what is below open/ to everybody, all else to whoever has the password. */
async function startTokenServer() {
  const { key, cert } = selfSigned("tokens.example");
  const bundle = join(folder, "tokens.pem");
  writeFileSync(bundle, cert);
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signToken = (name: string, actions: string[]): string => {
    const now = Math.floor(Date.now() / 1000);
    const chain = cert.replace(/-----[A-Z ]+-----|\n/g, "");
    const access = actions.length === 0 ? [] : [{ type: "repository", name, actions }];
    const claims = {
      iss: "i",
      sub: "",
      aud: "s",
      exp: now + 60,
      nbf: now - 60,
      iat: now - 60,
      jti: randomUUID(),
      access,
    };
    const text = `${encoded({ typ: "JWT", alg: "ES256", x5c: [chain] })}.${encoded(claims)}`;
    const signature = sign("sha256", Buffer.from(text), { key: createPrivateKey(key), dsaEncoding: "ieee-p1363" });
    return `${text}.${signature.toString("base64url")}`;
  };
  const server = createServer((request, response) => {
    const scope = new URL(request.url ?? "", "http://tokens").searchParams.get("scope") ?? "";
    const [, name = "", actions = ""] = scope.split(":");
    const mayPull = name.startsWith("open/") || request.headers.authorization === basicOf(registryUser);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ token: signToken(name, mayPull ? actions.split(",") : []) }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  return { url, bundle, sign: signToken, close: () => server.close() };
}
