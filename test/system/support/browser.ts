import { execFileSync } from "node:child_process";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { NoTool } from "./docker.ts";

/** Debian's Chromium, as a person's: each page in a profile of its own. */
export interface TestBrowser {
  open(options?: BrowserContextOptions): Promise<OpenPage>;
  close(): Promise<void>;
}

export interface OpenPage {
  page: Page;
  /** Addresses that it asked for. */
  requests: string[];
  /** What it complained of: errors of scripts, breaches of its policy. Refused requests are not among them. */
  complaints: string[];
}

/** @throws {NoTool} without Chromium */
export async function startBrowser(): Promise<TestBrowser> {
  let executablePath: string;
  try {
    executablePath = execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
  } catch {
    throw new NoTool("chromium is missing");
  }
  // Its sandbox refuses root.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser: Browser = await chromium.launch({ executablePath, args });
  return {
    open: async (options = {}) => {
      const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
      const page = await context.newPage();
      const opened: OpenPage = { page, requests: [], complaints: [] };
      page.on("request", (request) => opened.requests.push(request.url()));
      page.on("pageerror", ({ message }) => opened.complaints.push(message));
      page.on("console", (message) => {
        const isRefusal = message.text().startsWith("Failed to load resource");
        if (["error", "warning"].includes(message.type()) && !isRefusal) opened.complaints.push(message.text());
      });
      return opened;
    },
    close: () => browser.close(),
  };
}
