import { createHash } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import type { FileObject } from "../../contract/api.ts";

const piece = Buffer.alloc(1024 ** 2, "0123456789abcdef");

/** Uploads that many MiB, as fast as they are taken; answers the file. */
export async function uploadLarge(url: string, key: string, mebibytes: number): Promise<FileObject> {
  const headers = { "x-api-key": key, "content-length": mebibytes * piece.length };
  const request = httpRequest(`${url}/files`, { method: "POST", headers });
  const answered = once(request, "response");
  for (let at = 0; at < mebibytes; at++) {
    piece.writeUInt32BE(at);
    // A copy, for it is written later.
    if (!request.write(Buffer.from(piece))) await once(request, "drain");
  }
  request.end();
  const [response] = (await answered) as [NodeJS.ReadableStream & { statusCode: number }];
  let text = "";
  for await (const chunk of response) text += chunk.toString();
  if (response.statusCode !== 201) throw new Error(`POST /files answered ${response.statusCode} ${text}`);
  return JSON.parse(text) as FileObject;
}

/** Downloads a file; answers the hash of what came. */
export async function hashOfDownload(url: string, key: string, file: FileObject): Promise<string> {
  const response = await fetch(`${url}${file.download_path}`, { headers: { "x-api-key": key } });
  const hash = createHash("sha256");
  for await (const chunk of response.body ?? []) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}
