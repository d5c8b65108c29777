import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { civitai } from "../../../../contract/models/hubs/civitai.ts";
import { huggingFace } from "../../../../contract/models/hubs/hugging-face.ts";
import type { ModelsOptions } from "../../../../gateway/boot/models/step.ts";
import { selfSigned } from "../../../support/certificate.ts";
import { type ModelServer, modelBytes, serve, sha256Of, startModelServer } from "../../../support/model-server.ts";
import { createVolume, modelArtifact, type TestVolume } from "../../../support/models.ts";

const bytes = modelBytes(500_000);
const commit = "0123456789abcdef0123456789abcdef01234567";
const certificate = selfSigned("localhost");
let hub: ModelServer;
let cdn: ModelServer;
let volume: TestVolume;
let options: Partial<ModelsOptions>;
beforeAll(async () => {
  hub = await startModelServer({ host: "localhost", ...certificate });
  cdn = await startModelServer({ host: "localhost", ...certificate });
});
afterAll(async () => {
  await hub.close();
  await cdn.close();
});
beforeEach(() => {
  volume = createVolume();
  hub.requests.length = 0;
  cdn.requests.length = 0;
  cdn.onRequest = ({ range }, response) => {
    serve({ bytes, headers: { etag: '"cdn"' } }, range, response);
    return true;
  };
});
afterEach(() => volume.remove());

const as = (kind: typeof huggingFace, token?: string): void => {
  const origin = new URL(hub.url("/")).origin;
  const tokens = new Map(token === undefined ? [] : [[origin, token]]);
  options = { hubs: [{ ...kind, origin }], tokens, ca: certificate.cert };
};
const place = (): string => join(volume.root, "checkpoints/m.safetensors");

/** Answers as Hugging Face does for a large file. */
const linked = (facts: Record<string, string> = {}): void => {
  hub.onRequest = (_request, response) => {
    response.writeHead(302, {
      location: cdn.url("/repos/x?X-Amz-Signature=1"),
      "x-linked-size": String(bytes.length),
      "x-linked-etag": `"${sha256Of(bytes)}"`,
      "x-repo-commit": commit,
      ...facts,
    });
    response.end();
    return true;
  };
};

describe("a model on Hugging Face", () => {
  it("is fetched from where the hub leads; the token stays with the hub", async () => {
    as(huggingFace, "hf_secret");
    linked();
    await volume.bring([modelArtifact(hub.url("/owner/name/blob/main/m.safetensors"))], options);
    expect(readFileSync(place()).equals(bytes)).toBe(true);
    expect(hub.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ["/owner/name/resolve/main/m.safetensors", "Bearer hf_secret"],
    ]);
    expect(cdn.requests.length).toBeGreaterThan(1);
    expect(cdn.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  it("gets its token also where the hub sends it on within itself, as for a repository that was renamed", async () => {
    as(huggingFace, "hf_secret");
    hub.onRequest = ({ path, range }, response) => {
      if (path.startsWith("/old/")) response.writeHead(307, { location: path.replace("/old/", "/new/") }).end();
      else serve({ bytes }, range, response);
      return true;
    };
    await volume.bring([modelArtifact(hub.url("/old/name/resolve/main/m"))], options);
    expect(new Set(hub.requests.map(({ headers }) => headers.authorization))).toEqual(new Set(["Bearer hf_secret"]));
  });

  it("is held to the hash that the hub names", async () => {
    as(huggingFace);
    linked({ "x-linked-etag": `"${sha256Of(Buffer.from("other"))}"` });
    const { reason } = await volume.failure([modelArtifact(hub.url("/owner/name/resolve/main/m"))], options);
    expect(reason).toContain(`its SHA-256 is ${sha256Of(bytes)}, not ${sha256Of(Buffer.from("other"))}`);
    expect(existsSync(place())).toBe(false);
  });

  it("is refused at once when the hub's hash is not the declared one", async () => {
    as(huggingFace);
    linked();
    const declared = { sha256: sha256Of(Buffer.from("declared")) };
    await volume.failure([modelArtifact(hub.url("/owner/name/resolve/main/m"), declared)], options);
    expect(cdn.requests).toHaveLength(1);
  });

  it("is refused when the server behind the redirect has another size", async () => {
    as(huggingFace);
    linked({ "x-linked-size": "5" });
    const { reason } = await volume.failure([modelArtifact(hub.url("/owner/name/resolve/main/m"))], options);
    expect(reason).toContain("has 5 bytes by its headers and 500000 by its server");
  });

  it.each([
    [
      undefined,
      /^set HUGGINGFACE_TOKEN to a token of Hugging Face that may read https:\/\/localhost:\d+\/owner\/name, or/,
    ],
    [
      "hf_1",
      /^let the owner of the token \(HUGGINGFACE_TOKEN, .*\) get access at https:\/\/localhost:\d+\/owner\/name, or/,
    ],
  ])("that is gated says how to get access (token: %s)", async (token, remedy) => {
    as(huggingFace, token);
    hub.onRequest = (_request, response) => {
      response.writeHead(401).end();
      return true;
    };
    const failure = await volume.failure([modelArtifact(hub.url("/owner/name/resolve/main/m"))], options);
    expect(failure.remedy).toMatch(remedy);
    expect(JSON.stringify([failure, volume.log])).not.toContain("hf_1");
  });
});

describe("the token of a hub", () => {
  it("is not sent to another port of its host, nor where another host leads back to the hub", async () => {
    as(huggingFace, "hf_secret");
    hub.onRequest = ({ range }, response) => {
      serve({ bytes }, range, response);
      return true;
    };
    cdn.onRequest = (_request, response) => {
      response.writeHead(302, { location: hub.url("/owner/name/resolve/main/m") }).end();
      return true;
    };
    await volume.bring([modelArtifact(cdn.url("/owner/name/resolve/main/m"))], options);
    const sent = [...cdn.requests, ...hub.requests].filter(({ headers }) => headers.authorization !== undefined);
    expect([sent, hub.requests.length > 1]).toEqual([[], true]);
  });
});

describe("a redirect from https to http", () => {
  it("is not followed", async () => {
    as(huggingFace);
    hub.onRequest = (_request, response) => {
      response.writeHead(302, { location: "http://127.0.0.1:9/m" }).end();
      return true;
    };
    const { reason } = await volume.failure([modelArtifact(hub.url("/owner/name/resolve/main/m"))], options);
    expect(reason).toContain("redirects from https to http://");
  });
});

describe("a model on Civitai", () => {
  const description = (sha256: string) => ({
    files: [
      { primary: true, downloadUrl: hub.url("/api/download/models/77"), hashes: { SHA256: sha256.toUpperCase() } },
      { downloadUrl: hub.url("/api/download/models/77?type=VAE"), hashes: { SHA256: sha256Of(Buffer.from("vae")) } },
    ],
  });
  const civitaiHub = (sha256 = sha256Of(bytes)): void => {
    hub.onRequest = ({ path, headers }, response) => {
      if (path.startsWith("/api/v1/model-versions/77")) response.end(JSON.stringify(description(sha256)));
      else if (headers.authorization === undefined) response.writeHead(307, { location: "/login?returnUrl=x" }).end();
      else response.writeHead(307, { location: cdn.url("/signed?x") }).end();
      return true;
    };
  };

  it("is fetched by the address of its page, held to the hash of its description", async () => {
    as(civitai, "civitai_secret");
    civitaiHub();
    await volume.bring([modelArtifact(hub.url("/models/5/name?modelVersionId=77"))], options);
    expect(readFileSync(place()).equals(bytes)).toBe(true);
    expect(hub.requests.map(({ path }) => path)).toEqual(["/api/download/models/77", "/api/v1/model-versions/77"]);
    expect(cdn.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  it("is refused with another hash than its description's, which is that of the very file", async () => {
    as(civitai, "civitai_secret");
    civitaiHub();
    const { reason } = await volume.failure([modelArtifact(hub.url("/api/download/models/77?type=VAE"))], options);
    expect(reason).toContain(`not ${sha256Of(Buffer.from("vae"))}`);
  });

  it("that wants a login says which variable takes the token", async () => {
    as(civitai);
    civitaiHub();
    const { reason, remedy } = await volume.failure([modelArtifact(hub.url("/api/download/models/77"))], options);
    expect(reason).toContain("wants a login");
    expect(remedy).toContain("set CIVITAI_API_TOKEN to a token of Civitai");
  });
});
