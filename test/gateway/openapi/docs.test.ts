import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pagePolicy } from "../../../gateway/openapi/routes.ts";
import { contractDocument } from "../../support/apps.ts";
import { startGateway, type TestGateway } from "../../support/gateway.ts";

let gateway: TestGateway;
let response: Response;
let page: string;
beforeAll(async () => {
  gateway = await startGateway();
  response = await gateway.request("/docs");
  page = await response.text();
});
afterAll(() => gateway.stop());

describe("the page at /docs", () => {
  it("is there for anybody, also before the endpoint is ready", async () => {
    const starting = await startGateway({ contract: {}, ready: false });
    try {
      for (const url of [gateway.url, starting.url]) {
        const answer = await fetch(`${url}/docs`);
        expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
      }
    } finally {
      await starting.stop();
    }
  });

  it("may run what is written in it, and ask this endpoint: nothing else", () => {
    const [, script = ""] = /<script>([^]*)<\/script>/.exec(page) ?? [];
    const [, style = ""] = /<style>([^]*)<\/style>/.exec(page) ?? [];
    const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    expect(script.length).toBeGreaterThan(1000);
    expect(response.headers.get("content-security-policy")).toBe(
      `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; connect-src 'self'; img-src blob: data:; media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
  });

  it("has all it needs in itself, and addresses below its own alone", () => {
    expect(page).not.toMatch(/https?:\/\/|src="|@import|url\(/);
    expect([...page.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual(["data:,", "#"]);
    expect(
      [...page.matchAll(/\b(?:fetch|ask)\(["`]([^"`]*)/g)].filter(([, path = ""]) => path.startsWith("/")),
    ).toEqual([]);
  });

  it("holds nothing of the workflow, and makes no markup of texts", () => {
    expect(page).not.toContain(contractDocument.contract_id);
    expect(page).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/);
  });

  it("keeps the key in its tab", () => {
    expect(page).toContain("sessionStorage");
    expect(page).not.toMatch(/localStorage|document\.cookie/);
  });
});

describe("a page's policy", () => {
  it("names every script and style", () => {
    const policy = pagePolicy("<style>a</style><script>b</script><script>c</script>");
    expect(policy.match(/sha256-/g)).toHaveLength(3);
  });
});
