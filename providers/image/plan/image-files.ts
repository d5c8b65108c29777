/** What of this package its images are made of. Dockerfiles copy nothing else; paths are relative to the package. */

const code = "{ts,js}";

/** Of providers/ the gateway uses these alone: a change to another does not make a new image. */
const usedByGateway = "{api-url,errors,graphql-client,operations,own-pod}";

export type ImageKind = "base" | "golden";

export const dockerfiles: Record<ImageKind, string> = {
  base: "docker/Dockerfile.comfybase",
  golden: "docker/Dockerfile.golden",
};

export const imageFiles: Record<ImageKind, readonly string[]> = {
  base: [],
  golden: [
    `contract/**/*.${code}`,
    "docker/comfy_nodes/**/*.py",
    "docker/entrypoint.sh",
    "docker/gateway/package-lock.json",
    "docker/gateway/package.json",
    "docker/install_plugins.py",
    "docker/nginx.conf",
    "gateway/**/*.{ts,js,html,css}",
    `providers/runpod/api/${usedByGateway}.${code}`,
  ],
};
