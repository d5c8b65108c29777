import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Boot } from "../boot/boot.ts";
import { answer, type Handlers } from "../http.ts";
import { readiness } from "../readiness.ts";
import { openApiDocument } from "./document.ts";

export function openApiHandlers(boot: Pick<Boot, "health" | "workflow">): Pick<Handlers, "openapi" | "docs"> {
  const page = readFileSync(new URL("./docs.html", import.meta.url), "utf8");
  const policy = pagePolicy(page);
  return {
    openapi: [answer<"openapi">(() => ({ status: 200, body: openApiDocument(readiness(boot).contract) }))],
    docs: [
      (_request, response) => {
        response.set({ "content-type": "text/html; charset=utf-8", "content-security-policy": policy });
        response.end(page);
      },
    ],
  };
}

/** The page may run what is written in it, and ask this endpoint: nothing else, whatever a workflow's texts hold. */
export function pagePolicy(page: string): string {
  const hashes = (tag: string): string =>
    [...page.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, "gs"))]
      .map(([, text = ""]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`)
      .join(" ");
  return [
    "default-src 'none'",
    `script-src ${hashes("script")}`,
    `style-src ${hashes("style")}`,
    "connect-src 'self'",
    "img-src blob: data:",
    "media-src blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
