import { z } from "zod";
import type { Hub } from "./hub.ts";

const downloadPath = /^\/api\/download\/models\/(\d+)$/;

const description = z.object({
  files: z.array(
    z.object({
      primary: z.boolean().optional(),
      downloadUrl: z.string(),
      hashes: z.object({ SHA256: z.string().optional() }).optional(),
    }),
  ),
});

export const civitai: Hub = {
  name: "Civitai",
  origin: "https://civitai.com",
  tokenVariables: ["CIVITAI_API_TOKEN"],
  // The page of a model names the version in its query.
  fileUrl: (url) => {
    const version = /^\/models\/\d+/.test(url.pathname) ? url.searchParams.get("modelVersionId") : null;
    return version === null ? url : new URL(`/api/download/models/${encodeURIComponent(version)}`, url);
  },
  // A version never changes.
  pinned: (url) => url,
  headerFacts: () => ({}),
  descriptionUrl: (url) => {
    const version = downloadPath.exec(url.pathname)?.[1];
    return version === undefined ? undefined : new URL(`/api/v1/model-versions/${version}`, url);
  },
  describedFacts: (url, document) => {
    const files = description.safeParse(document).data?.files ?? [];
    const asked = parametersOf(url);
    const file = files.find(({ primary, downloadUrl }) => (asked.size === 0 ? primary : has(downloadUrl, asked)));
    const sha256 = file?.hashes?.SHA256?.toLowerCase();
    return {
      revision: downloadPath.exec(url.pathname)?.[1],
      ...(sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256) && { sha256 }),
    };
  },
  accessPage: (url) => url.origin + url.pathname,
};

/** One version has several files, told apart by the query: type, format, size, fp. Without one the primary is meant. */
function parametersOf(url: URL): Map<string, string> {
  const parameters = new Map(url.searchParams);
  parameters.delete("token");
  return parameters;
}

function has(address: string, parameters: ReadonlyMap<string, string>): boolean {
  const url = URL.parse(address);
  return url !== null && [...parameters].every(([name, value]) => url.searchParams.get(name) === value);
}
