import { readFileSync } from "node:fs";
import type { BrowserContextOptions, Download, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type { Job } from "../../../contract/api.ts";
import { type OpenPage, startBrowser, type TestBrowser } from "./browser.ts";
import { NoTool } from "./docker.ts";
import { apiKey, type Endpoint, type EndpointOptions, startEndpoint } from "./playground-endpoint.ts";

export interface Playground {
  /** An endpoint for this test. */
  start: (app: EndpointOptions["app"], comfyPort?: number) => Promise<Endpoint>;
  /** Opens a page in a profile of its own. */
  visit: (url: string, options?: BrowserContextOptions) => Promise<Page>;
  /** What pages complained of so far: forgotten, for the test provoked it. */
  complaints: () => string[];
}

/**
 * Endpoints and pages for the tests of a file, which are skipped without a browser. After each, no page may have
 * complained, asked another host, put the key into an address, or run a script that came as a text.
 */
export function usePlayground(): Playground {
  let browser: TestBrowser | undefined;
  let missing = "";
  let endpoints: Endpoint[] = [];
  let opened: OpenPage[] = [];
  beforeAll(async () => {
    browser = await startBrowser().catch((error: unknown) => {
      if (!(error instanceof NoTool)) throw error;
      missing = error.message;
      return undefined;
    });
  });
  afterAll(() => browser?.close());
  beforeEach((context) => {
    endpoints = [];
    opened = [];
    if (missing !== "") context.skip(missing);
  });
  afterEach(async () => {
    try {
      for (const { page, requests, complaints } of opened) {
        expect(complaints).toEqual([]);
        expect(requests.filter((url) => !/^(http:\/\/127\.0\.0\.1:|blob:|data:)/.test(url))).toEqual([]);
        expect(requests.filter((url) => url.includes(apiKey))).toEqual([]);
        expect(await page.evaluate("window.hacked")).toBeUndefined();
      }
    } finally {
      for (const { page } of opened) await page.context().close();
      for (const endpoint of endpoints) await endpoint.close();
    }
  });
  return {
    start: async (app, comfyPort) => {
      const endpoint = await startEndpoint({ app, ...(comfyPort !== undefined && { comfyPort }) });
      endpoints.push(endpoint);
      return endpoint;
    },
    visit: async (url, options = {}) => {
      if (browser === undefined) throw new Error(missing);
      const page = await browser.open(options);
      opened.push(page);
      await page.page.goto(url);
      return page.page;
    },
    complaints: () => opened.flatMap(({ complaints }) => complaints.splice(0)),
  };
}

/** Gives the page the key. */
export async function enter(page: Page, key = apiKey): Promise<void> {
  await page.getByLabel("Key", { exact: true }).fill(key);
  await page.getByRole("button", { name: "Enter" }).click();
}

export const run = (page: Page) => page.getByRole("button", { name: "Run", exact: true }).click();

/** Waits for the job that is looked at to be in a state. */
export const inState = (page: Page, state: Job["state"]) => page.locator(`#state.${state}`).waitFor();

export const field = (page: Page, name: string) => page.locator(`.field[data-name="${name}"]`);

/** What is wrong with a field. */
export const wrong = (page: Page, name: string) => field(page, name).locator(".wrong").textContent();

export const output = (page: Page, name: string) => page.locator(`#result [data-name="${name}"]`);

/** Saves what an output offers. */
export async function save(page: Page, name: string): Promise<Buffer> {
  const saving: Promise<Download> = page.waitForEvent("download");
  await output(page, name).getByRole("link", { name: "Download" }).click();
  return readFileSync(await (await saving).path());
}
