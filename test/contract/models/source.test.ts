import { describe, expect, it } from "vitest";
import { civitai } from "../../../contract/models/hubs/civitai.ts";
import { huggingFace } from "../../../contract/models/hubs/hugging-face.ts";
import { type Tokens, tokensOf } from "../../../contract/models/hubs/known.ts";
import { type Ask, resolveSource, shown } from "../../../contract/models/source.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const tokens: Tokens = new Map([
  ["https://huggingface.co", "hf"],
  ["https://civitai.com", "civ"],
]);

/** Answers every request as the public hubs do, and notes what was sent where. */
function fakeWeb(redirects: Record<string, string> = {}) {
  const sent: [string, string | undefined][] = [];
  const ask: Ask = {
    head: (url, headers) => {
      sent.push([url.href, headers["authorization"]]);
      const location = redirects[url.href];
      const found: Record<string, string> =
        location === undefined ? { "content-range": "bytes 0-0/9" } : { location, "x-repo-commit": commit };
      return Promise.resolve({ status: location === undefined ? 206 : 302, header: (name) => found[name] ?? null });
    },
    json: (url, headers) => {
      sent.push([url.href, headers["authorization"]]);
      return Promise.resolve(undefined);
    },
  };
  return { sent, ask };
}

describe("the token of a hub", () => {
  it.each([
    ["https://huggingface.co/a/b/resolve/main/m", "Bearer hf"],
    ["https://civitai.com/api/download/models/7", "Bearer civ"],
    ["http://huggingface.co/a/b/resolve/main/m", undefined],
    ["https://huggingface.co:8443/a/b/resolve/main/m", undefined],
    ["https://huggingface.co.evil.example/a", undefined],
    ["https://evil.example/huggingface.co/a", undefined],
    ["https://cdn-lfs.huggingface.co/a", undefined],
    ["https://HuggingFace.co/a/b/resolve/main/m", "Bearer hf"],
  ])("with %s: %s", async (url, authorization) => {
    const { sent, ask } = fakeWeb();
    await resolveSource(url, tokens, ask);
    expect(new Set(sent.map(([, header]) => header))).toEqual(new Set([authorization]));
  });

  it("stays behind when a redirect leads elsewhere, and does not come when one leads to the hub", async () => {
    const { sent, ask } = fakeWeb({
      "https://huggingface.co/a/b/resolve/main/m": "https://cas-bridge.xethub.hf.co/x?sig=1",
      "https://evil.example/m": "https://huggingface.co/a/b/resolve/main/n",
    });
    await resolveSource("https://huggingface.co/a/b/resolve/main/m", tokens, ask);
    await resolveSource("https://evil.example/m", tokens, ask);
    expect(sent).toEqual([
      ["https://huggingface.co/a/b/resolve/main/m", "Bearer hf"],
      ["https://cas-bridge.xethub.hf.co/x?sig=1", undefined],
      ["https://evil.example/m", undefined],
      ["https://huggingface.co/a/b/resolve/main/n", undefined],
    ]);
  });

  it("is the first that is set, of the original's three names", () => {
    expect(tokensOf({ HF_TOKEN: "b", HUGGING_FACE_HUB_TOKEN: "c", HUGGINGFACE_TOKEN: " " })).toEqual(
      new Map([["https://huggingface.co", "b"]]),
    );
    expect(tokensOf({ CIVITAI_API_TOKEN: "x" })).toEqual(new Map([["https://civitai.com", "x"]]));
  });
});

describe("an address on a hub", () => {
  it.each([
    ["https://huggingface.co/a/b/blob/main/x/y.safetensors", "https://huggingface.co/a/b/resolve/main/x/y.safetensors"],
    ["https://huggingface.co/a/b/raw/main/y", "https://huggingface.co/a/b/resolve/main/y"],
    ["https://huggingface.co/gpt2/resolve/main/y", "https://huggingface.co/gpt2/resolve/main/y"],
    ["https://huggingface.co/datasets/a/b/blob/v1/y", "https://huggingface.co/datasets/a/b/resolve/v1/y"],
    [
      "https://huggingface.co/a/b/resolve/main/y?download=true",
      "https://huggingface.co/a/b/resolve/main/y?download=true",
    ],
  ])("of Hugging Face: %s", (page, file) => {
    expect(huggingFace.fileUrl(new URL(page)).href).toBe(file);
  });

  it.each([
    ["https://civitai.com/models/5/name?modelVersionId=77", "https://civitai.com/api/download/models/77"],
    ["https://civitai.com/api/download/models/77?type=Model", "https://civitai.com/api/download/models/77?type=Model"],
  ])("of Civitai: %s", (page, file) => {
    expect(civitai.fileUrl(new URL(page)).href).toBe(file);
  });

  it("is pinned to the commit that it had", async () => {
    const { ask } = fakeWeb({ "https://huggingface.co/a/b/resolve/main/m": "https://cdn.example/m" });
    const { pinnedUrl, revision } = await resolveSource("https://huggingface.co/a/b/blob/main/m", new Map(), ask);
    expect([pinnedUrl, revision]).toEqual([`https://huggingface.co/a/b/resolve/${commit}/m`, commit]);
  });
});

describe("an address with a login", () => {
  it("is refused, and the login not shown", async () => {
    const refused = resolveSource("https://huggingface.co:secret@evil.example/a", tokens, fakeWeb().ask);
    await expect(refused).rejects.toThrow("https://evil.example/a holds a login");
  });
});

describe("an address in messages", () => {
  it("shows no query, for that may hold a token", () => {
    expect(shown("https://civitai.com/x?token=secret")).toBe("https://civitai.com/x?…");
    expect(shown("https://user:secret@host/x")).toBe("https://host/x");
  });
});
