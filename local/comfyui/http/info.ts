import { freemem, totalmem } from "node:os";

/** /features, and the answer to a client that tells its own over the websocket. */
export const features = (maxUploadBytes: number): object => ({
  supports_preview_metadata: true,
  supports_model_type_tags: true,
  max_upload_size: maxUploadBytes,
  extension: { manager: { supports_v4: true } },
  node_replacements: true,
  assets: false,
});

/** /system_stats; the version is that of the ComfyUI this is modeled on. */
export function systemStats(argv: readonly string[]): object {
  const total = totalmem();
  const free = freemem();
  return {
    system: {
      os: process.platform,
      ram_total: total,
      ram_free: free,
      comfyui_version: "0.33.0",
      required_frontend_version: "1.49.6",
      installed_templates_version: "0.11.44",
      required_templates_version: "0.11.44",
      comfy_package_versions: [],
      python_version: "stand-in",
      pytorch_version: "stand-in",
      embedded_python: false,
      deploy_environment: "local-git",
      argv,
    },
    devices: [
      {
        name: "cpu",
        type: "cpu",
        index: null,
        vram_total: total,
        vram_free: free,
        torch_vram_total: total,
        torch_vram_free: free,
      },
    ],
  };
}
