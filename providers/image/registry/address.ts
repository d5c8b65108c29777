import type { ImageRef } from "../image-ref.ts";

/** Address of an image's manifest. Registries on this machine have no certificate. */
export function manifestAddress({ registry, repository, tag, digest }: ImageRef): URL {
  const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
  const protocol = isLoopback(new URL(`https://${host}`).hostname) ? "http" : "https";
  return new URL(`${protocol}://${host}/v2/${repository}/manifests/${digest ?? tag ?? "latest"}`);
}

export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
