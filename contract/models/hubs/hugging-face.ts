import type { Hub } from "./hub.ts";

/** `/owner/name/resolve/main/file`; datasets and old models have other beginnings. */
const filePath = /^\/((?:(?:datasets|spaces)\/)?[^/]+(?:\/[^/]+)?)\/(?:resolve|blob|raw)\/([^/]+)\/(.+)$/;

export const huggingFace: Hub = {
  name: "Hugging Face",
  origin: "https://huggingface.co",
  tokenVariables: ["HUGGINGFACE_TOKEN", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"],
  // "blob" is a page, "raw" the pointer that stands for a large file.
  fileUrl: (url) => withPath(url, (repository, revision, file) => `/${repository}/resolve/${revision}/${file}`),
  pinned: (url, commit) => withPath(url, (repository, _revision, file) => `/${repository}/resolve/${commit}/${file}`),
  headerFacts: (header) => {
    const size = header("x-linked-size");
    const etag = /^(?:W\/)?"?([0-9a-f]{64})"?$/i.exec(header("x-linked-etag") ?? "")?.[1];
    const commit = header("x-repo-commit") ?? "";
    return {
      ...(size !== null && /^\d+$/.test(size) && { sizeBytes: Number(size) }),
      ...(etag !== undefined && { sha256: etag.toLowerCase() }),
      ...(/^[0-9a-f]{40}$/.test(commit) && { revision: commit }),
    };
  },
  accessPage: (url) => `${url.origin}/${filePath.exec(url.pathname)?.[1] ?? ""}`,
};

function withPath(url: URL, path: (repository: string, revision: string, file: string) => string): URL {
  const [, repository, revision, file] = filePath.exec(url.pathname) ?? [];
  if (repository === undefined || revision === undefined || file === undefined) return url;
  const changed = new URL(url);
  changed.pathname = path(repository, revision, file);
  return changed;
}
