import { afterEach, describe, expect, it } from "vitest";
import type { Login } from "../../../../providers/image/registry/login.ts";
import { createRegistry } from "../../../../providers/image/registry/registry.ts";
import { nobodyThere } from "../../../support/closed-port.ts";
import {
  manifestTypes,
  type RegistrySettings,
  startTestRegistry,
  type TestRegistry,
} from "../../../support/registry.ts";

const me: Login = { source: "this test", username: "me", password: "secret:with a colon" };
const users = { me: me.password };

let registry: TestRegistry;
afterEach(() => registry.close());

async function started(settings: RegistrySettings = {}): Promise<void> {
  registry = await startTestRegistry({ users, ...settings });
}

function digest(name: string, login?: Login): Promise<string | undefined> {
  const options = { timeoutMs: 5000, retryDelaysMs: [1, 1] };
  return createRegistry({ ...options, login: () => Promise.resolve(login) }).digest(`${registry.host}/${name}`);
}

describe("an image in a registry", () => {
  it("is found in public without anybody being asked for a login", async () => {
    await started({ open: ["a/golden"] });
    const put = registry.put("a/golden", "1");
    const login = () => Promise.reject(new Error("a keychain's dialog"));
    const client = createRegistry({ timeoutMs: 5000, retryDelaysMs: [], login });
    expect(await client.digest(`${registry.host}/a/golden:1`)).toBe(put);
    expect(registry.asked).toEqual(["HEAD /v2/a/golden/manifests/1", "GET /token", "HEAD /v2/a/golden/manifests/1"]);
  });

  it.each<[string, RegistrySettings, Login | undefined]>([
    ["a registry that asks nothing", { auth: "none" }, undefined],
    ["a registry that wants the login itself", { auth: "basic" }, me],
    ["a token that a login is exchanged for", { auth: "token" }, me],
    [
      "a token that an identity token is exchanged for",
      { auth: "token" },
      { source: "this test", identityToken: "identity" },
    ],
    ["a registry that tells no digest", { auth: "token", tellsDigest: false }, me],
    ["a registry that knows no HEAD", { auth: "basic", knowsHead: false }, me],
    ["a registry that knows neither", { auth: "none", knowsHead: false, tellsDigest: false }, undefined],
  ])("is found with %s", async (_, settings, login) => {
    await started(settings);
    for (const [tag, mediaType] of Object.entries(manifestTypes)) {
      const put = registry.put("a/golden", tag, mediaType);
      expect(await digest(`a/golden:${tag}`, login)).toBe(put);
      expect(await digest(`a/golden@${put}`, login)).toBe(put);
    }
  });

  it("is missing only when who may see it is told so", async () => {
    await started({ open: ["a/open"] });
    expect(await digest("a/open:none")).toBeUndefined();
    expect(await digest("a/private:none", me)).toBeUndefined();
    expect(registry.asked.at(-1)).toBe("HEAD /v2/a/private/manifests/none");
  });

  it("is asked for again with the login when nobody in particular is told that there is none", async () => {
    await started();
    const put = registry.put("a/private", "1");
    registry.faults.push({ status: 404 });
    expect(await digest("a/private:1", me)).toBe(put);
  });

  it("asks for a login once for each registry", async () => {
    await started();
    let asked = 0;
    const login = () => Promise.resolve(asked++ === 0 ? me : undefined);
    const client = createRegistry({ timeoutMs: 5000, retryDelaysMs: [], login });
    const names = ["a/one:1", "a/two:1"].map((name) => `${registry.host}/${name}`);
    expect(await Promise.all(names.map((name) => client.digest(name)))).toEqual([undefined, undefined]);
    expect(asked).toBe(1);
  });
});

describe("a registry that does not tell", () => {
  it("is missing when everybody is told so, and a guessed login is refused", async () => {
    await started({ open: ["a/golden"] });
    const guess: Login = { source: "a guess", isGuess: true, username: "me", password: "no login of this registry's" };
    expect(await digest("a/golden:1", guess)).toBeUndefined();
    await expect(digest("a/golden:1", { ...me, password: "wrong" })).rejects.toThrow(
      "it refused the login of this test",
    );
    await expect(digest("a/private:1", guess)).rejects.toThrow("it refused the login of a guess");
  });

  it.each<[string, RegistrySettings, Login | undefined, RegExp]>([
    [
      "a token, without a login",
      {},
      undefined,
      /\(HTTP 403\), and there is no login for it: set comfy-endpoints:registryUsername and registryPassword in the stack's config, or run: docker login 127/,
    ],
    [
      "a token, for a wrong password",
      {},
      { ...me, password: "wrong" },
      /\(HTTP 401\): it refused the login of this test; give one that may pull/,
    ],
    [
      "a wrong password",
      { auth: "basic" },
      { ...me, password: "wrong" },
      /\(HTTP 401\): it refused the login of this test/,
    ],
    [
      "an identity token where a password is wanted",
      { auth: "basic" },
      { source: "x", identityToken: "identity" },
      /\(HTTP 401\): it refused the login of x/,
    ],
  ])("is an error that says so: %s", async (_, settings, login, message) => {
    await started(settings);
    registry.put("a/private", "1");
    const asked = digest("a/private:1", login);
    await expect(asked).rejects.toThrow(`${registry.host} does not tell whether it has ${registry.host}/a/private:1`);
    await expect(asked).rejects.toThrow(message);
    await expect(asked).rejects.not.toThrow(/wrong|secret/);
  });

  it("says so too when it names no way to tell who asks", async () => {
    await started({ auth: "none" });
    registry.faults.push({ status: 403 });
    await expect(digest("a/b:1")).rejects.toThrow("(HTTP 403), and there is no login for it");
    registry.faults.push({ status: 401, headers: { "www-authenticate": "Negotiate" } });
    await expect(digest("a/b:1")).rejects.toThrow("(HTTP 401), and there is no login for it");
  });

  it("gets no login where it could be overheard", async () => {
    await started({ auth: "none" });
    const headers = { "www-authenticate": 'Bearer realm="http://tokens.example/token",service="x"' };
    registry.faults.push({ status: 401, headers });
    await expect(digest("a/b:1", me)).rejects.toThrow(
      "names http://tokens.example as its token server, where a login could be overheard",
    );
    registry.faults.push({ status: 401, headers: { "www-authenticate": 'Bearer realm="nowhere"' } });
    await expect(digest("a/b:1", me)).rejects.toThrow('names "nowhere" as its token server, which is no URL');
  });

  it("is not taken for a registry when it answers otherwise", async () => {
    await started({ auth: "none" });
    registry.faults.push({ status: 200 }, { status: 200, headers: { "content-type": "text/html" } });
    await expect(digest("a/b:1")).rejects.toThrow(/with something else than a manifest; is it a registry\?$/);
    registry.faults.push({ status: 418 });
    await expect(digest("a/b:1")).rejects.toThrow(/answers HTTP 418 to \/v2\/a\/b\/manifests\/1; is it a registry\?$/);
  });
});

describe("a registry that stumbles", () => {
  it("is asked again, at every step", async () => {
    await started();
    const put = registry.put("a/private", "1");
    registry.faults.push({ status: 503 });
    expect(await digest("a/private:1", me)).toBe(put);
    const before = registry.asked.length;
    registry.faults.push(
      { status: 401, headers: { "www-authenticate": `Bearer realm="http://${registry.host}/token"` } },
      { status: 500 },
      { status: 429 },
    );
    await digest("a/private:1", me);
    expect(registry.asked.slice(before, before + 4)).toEqual([
      "HEAD /v2/a/private/manifests/1",
      ...["GET /token", "GET /token", "GET /token"],
    ]);
  });

  it("is asked again no sooner than it says", async () => {
    await started({ auth: "none" });
    const put = registry.put("a/b", "1");
    registry.faults.push({ status: 429, headers: { "retry-after": "1" } });
    const since = performance.now();
    expect(await digest("a/b:1")).toBe(put);
    expect(performance.now() - since).toBeGreaterThanOrEqual(990);
  });

  it("is given up when it goes on, or wants too long a wait", async () => {
    await started({ auth: "none" });
    registry.faults.push(...Array.from({ length: 3 }, () => ({ status: 502 })));
    await expect(digest("a/b:1")).rejects.toThrow(`${registry.host} answers HTTP 502; try again later`);
    expect(registry.asked).toHaveLength(3);
    registry.faults.push({ status: 429, headers: { "retry-after": "3600" } });
    await expect(digest("a/b:1")).rejects.toThrow("answers HTTP 429, and wants to be asked in 3600 s; try again then");
    expect(registry.asked).toHaveLength(4);
  });

  it("is not missing when nobody is there", async () => {
    await started();
    const nobody = new URL(await nobodyThere()).host;
    const client = createRegistry({ timeoutMs: 5000, retryDelaysMs: [1], login: () => Promise.resolve(me) });
    await expect(client.digest(`${nobody}/a/b:1`)).rejects.toThrow(`${nobody} does not answer (connect ECONNREFUSED`);
  });
});
