import { createHash } from "node:crypto";

/** What an image is built from, and nothing else: neither times nor owners, no commit, no machine. */
export interface BuildInputs {
  /** SHA-256 of the Dockerfile, in hex. */
  dockerfileSha256: string;
  /** Files of the build context, in whatever order. */
  files: readonly ContextFile[];
  buildArgs: Readonly<Record<string, string>>;
}

export interface ContextFile {
  /** Relative to the context, with `/`. */
  path: string;
  mode: FileMode;
  /** Of the content, in hex. */
  sha256: string;
}

/** Permissions, octal. A checkout's own depend on the umask and the system. */
export type FileMode = "644" | "755";

/** Names the image that these inputs give: 12 hex digits, the same ones for the same inputs, others for others. */
export function fingerprint({ dockerfileSha256, files, buildArgs }: BuildInputs): string {
  const document = {
    dockerfile: dockerfileSha256,
    files: sorted(files.map(({ path, mode, sha256 }) => [path, mode, sha256])),
    buildArgs: sorted(Object.entries(buildArgs)),
  };
  return createHash("sha256").update(JSON.stringify(document)).digest("hex").slice(0, 12);
}

/** By the first cell, which is unlike every other. The order is that of code units: locales have their own. */
const sorted = (rows: readonly string[][]): string[][] =>
  rows.toSorted(([one = ""], [other = ""]) => (one < other ? -1 : one > other ? 1 : 0));
