import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contractDocument } from "../../support/apps.ts";
import { startGateway, type TestGateway } from "../../support/gateway.ts";

const folder = join(import.meta.dirname, "../../../gateway/playground/page");
const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
  /\.(html|css|js)$/.test(name),
);
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const served = names.filter((name) => !name.endsWith(".html"));

let gateway: TestGateway;
beforeAll(async () => (gateway = await startGateway()));
afterAll(() => gateway.stop());
const open = (path: string) => gateway.request(path, { headers: { "x-api-key": "" } });
/** Asks as a browser does that has it; `fetch` here would say beside it that it wants it anew. */
const openAgain = (path: string, etag: string | null) =>
  gateway.request(path, { headers: { "if-none-match": etag ?? "", "cache-control": "max-age=0" } });

describe.each(["/", "/docs"])("the page at %s", (path) => {
  it("is there for anybody, also before the endpoint is ready", async () => {
    const starting = await startGateway({ contract: {}, ready: false });
    try {
      for (const url of [gateway.url, starting.url]) {
        const answer = await fetch(`${url}${path}`);
        expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
      }
    } finally {
      await starting.stop();
    }
  });

  it("may load what lies beside it, and ask this endpoint: nothing else", async () => {
    const { headers } = await open(path);
    const policy = (headers.get("content-security-policy") ?? "").split("; ");
    expect(policy).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "img-src blob: data:",
      "media-src blob:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });

  it("holds no script or style of its own, and nothing of the workflow", async () => {
    const page = await (await open(path)).text();
    expect(page).not.toMatch(/<style|style="|\son\w+="|<script(?![^>]* src="playground\/[^"]+"><\/script>)/);
    expect(page).not.toContain(contractDocument.contract_id);
  });

  it("is not sent again to whoever has it", async () => {
    const first = await open(path);
    expect(first.headers.get("cache-control")).toBe("no-cache");
    const again = await openAgain(path, first.headers.get("etag"));
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect((await openAgain(path, '"other"')).status).toBe(200);
  });
});

describe("what the pages are made of", () => {
  it.each(served)("%s is served with its type", async (name) => {
    const response = await open(`/playground/${name}`);
    const type = name.endsWith(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8";
    expect([response.status, response.headers.get("content-type")]).toEqual([200, type]);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await response.text()).toBe(read(name));
    const again = await openAgain(`/playground/${name}`, response.headers.get("etag"));
    expect(again.status).toBe(304);
  });

  it.each([
    "play/nothing.js",
    "nowhere/main.js",
    "..%2f../routes.ts",
    "%2e%2e/routes.ts",
    "page/index.html",
    "constructor/name",
  ])("is not %s", async (name) => expect((await open(`/playground/${name}`)).status).toBe(404));

  it("refers to what is there, by addresses below the page's own", () => {
    const references = names.flatMap((name) => {
      const found = read(name).matchAll(/(?:src|href)="([^"]*)"|^import .* from "([^"]*)"|import\("([^"]*)"\)/gm);
      return [...found].map(([, link, specifier]) => ({
        name,
        target: link ?? posix.join("playground", dirname(name), specifier ?? ""),
      }));
    });
    const known = ["data:,", "./", "docs", ...served.map((name) => `playground/${name}`)];
    expect(references.filter(({ target }) => !known.includes(target))).toEqual([]);
    for (const name of served) expect(references.map(({ target }) => target)).toContain(`playground/${name}`);
  });

  it.each(served)("%s needs no other host, makes no markup of texts, and keeps the key in its tab", (name) => {
    const text = read(name);
    expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
    expect(text).not.toMatch(/@import url|\burl\(|localStorage|document\.cookie/);
    // Only placeholders and examples have a scheme.
    expect(text.match(/https?:\/\/\w+/g) ?? []).toEqual([]);
    expect([...text.matchAll(/\b(?:fetch|ask|json)\(["`]\//g)]).toEqual([]);
  });
});
