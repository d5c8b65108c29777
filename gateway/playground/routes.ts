import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import type { RequestHandler, Response } from "express";
import { errorCodes } from "../../contract/api.ts";
import { type Handlers, HttpProblem, pathParameter } from "../http.ts";

const mediaTypes: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};

/** A page may load what lies beside it, and ask this endpoint: nothing else, whatever a workflow's texts hold. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src blob: data:",
  "media-src blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // Where browsers know it, no text can become markup or a script at all.
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

interface PageFile {
  headers: Record<string, string>;
  bytes: Buffer;
}

/** The playground at `/`, the API's description at `/docs`, and what both are made of. */
export function playgroundHandlers(): Pick<Handlers, "playground" | "playgroundFile" | "docs"> {
  const folder = new URL("./page/", import.meta.url);
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => extname(name) !== "");
  const files = new Map(names.map((name) => [name, pageFile(name, readFileSync(new URL(name, folder)))]));
  const page = (name: string): RequestHandler[] => [(_request, response) => send(files.get(name), response)];
  return {
    playground: page("index.html"),
    docs: page("docs.html"),
    playgroundFile: [
      (request, response) =>
        send(files.get(`${pathParameter(request, "folder")}/${pathParameter(request, "file")}`), response),
    ],
  };
}

function pageFile(name: string, bytes: Buffer): PageFile {
  const type = mediaTypes[extname(name)];
  if (type === undefined) throw new Error(`gateway/playground/page/${name} has no media type`);
  return {
    bytes,
    headers: {
      "content-type": type,
      etag: `"${createHash("sha256").update(bytes).digest("base64url")}"`,
      // Another deployment brings others under the same names.
      "cache-control": "no-cache",
      ...(name.endsWith(".html") && { "content-security-policy": pagePolicy }),
    },
  };
}

function send(file: PageFile | undefined, response: Response): void {
  if (file === undefined) throw new HttpProblem(404, errorCodes.notFound);
  // Answers 304 by itself to whoever has it.
  response.set(file.headers).send(file.bytes);
}
