import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { type Response, Router } from "express";
import multer from "multer";
import { type Folders, isFile, isFolderType, isInside } from "../folders.ts";
import { channelPng, fromPng } from "../nodes/picture.ts";

export interface FileRoutesOptions {
  folders: Folders;
  /** Bytes. */
  maxUploadBytes: number;
}

/** /view and /upload/image, with ComfyUI's own ideas about paths. */
export function createFileRoutes({ folders, maxUploadBytes }: FileRoutesOptions): Router {
  const router = Router();
  const upload = multer({
    storage: multer.memoryStorage(),
    limits: { fileSize: maxUploadBytes },
    preservePath: true,
    defParamCharset: "utf8",
  });

  router.get("/view", (request, response) => {
    const { filename, subfolder = "", type = "output" } = request.query;
    if (typeof filename !== "string" || typeof subfolder !== "string" || typeof type !== "string") {
      response.status(404).end();
      return;
    }
    const [, plain = filename, annotated = type] = /^(.*) \[(output|input|temp)\]$/.exec(filename) ?? [];
    if (!isFolderType(annotated) || plain.startsWith("/") || plain.includes("..")) {
      response.status(400).end();
      return;
    }
    const folder = resolve(folders[annotated], subfolder);
    if (!isInside(folders[annotated], folder)) {
      response.status(403).end();
      return;
    }
    const path = join(folder, basename(plain));
    const { preview, channel } = request.query;
    if (!isFile(path)) response.status(404).end();
    // ComfyUI makes WebP or JPEG of it.
    else if (preview !== undefined) response.status(501).type("text").send("the stand-in writes neither WebP nor JPEG");
    else if (channel === "rgb" || channel === "a") {
      response.setHeader("content-disposition", disposition(path));
      // Not send(), which would give it a version.
      response.type("png").end(channelPng(fromPng(readFileSync(path), path), channel));
    } else sendFile(response, path);
  });

  router.post("/upload/image", upload.single("image"), (request, response) => {
    const { file } = request;
    const fields = request.body as Record<string, string | undefined> | undefined;
    const { type = "input", subfolder = "", overwrite } = fields ?? {};
    if (file === undefined) {
      response.status(400).end();
      return;
    }
    // What ComfyUI does not expect ends as 500.
    if (!isFolderType(type)) throw new Error("unexpected upload");
    const folder = folders[type];
    const wanted = resolve(folder, subfolder, file.originalname);
    if (subfolder.startsWith("/") || file.originalname.includes("/") || !isInside(folder, wanted)) {
      response.status(400).end();
      return;
    }
    const path = overwrite === "true" || overwrite === "1" ? wanted : freeName(wanted, file.buffer);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.buffer);
    response.json({ name: basename(path), subfolder, type });
  });
  return router;
}

/** UTF-8 as it is: headers are written as Latin-1. */
const disposition = (path: string): string =>
  `filename="${Buffer.from(basename(path).replaceAll('"', "")).toString("latin1")}"`;

function sendFile(response: Response, path: string): void {
  const name = basename(path);
  const active = [".html", ".htm", ".svg", ".js", ".css"].includes(extname(path).toLowerCase());
  response.set("x-content-type-options", "nosniff");
  // A browser must not run what a workflow wrote.
  response.setHeader("content-type", active ? "application/octet-stream" : mediaType(response, extname(path)));
  response.setHeader("content-disposition", `${active ? "attachment; " : ""}${disposition(path)}`);
  response.sendFile(name, { root: dirname(path), dotfiles: "allow", cacheControl: false });
}

/** Of a file, by its extension; unlike Express, ComfyUI names no charset. */
function mediaType(response: Response, extension: string): string {
  if (extension === ".flac") return "audio/flac";
  return response.type(extension).get("content-type")?.replace(/;.*/, "") ?? "application/octet-stream";
}

/** The name itself when it is free or holds the same bytes; else `in (1).png`, and so on. */
function freeName(path: string, bytes: Buffer): string {
  const suffix = extname(path);
  const stem = path.slice(0, path.length - suffix.length);
  let candidate = path;
  for (let at = 1; isFile(candidate) && digest(readFileSync(candidate)) !== digest(bytes); at++) {
    candidate = `${stem} (${at})${suffix}`;
  }
  return candidate;
}

const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
