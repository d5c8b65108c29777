import type { Deployable } from "../contract/deployable.ts";
import { type PodSettings, podPaths, podPorts } from "../contract/pod-env.ts";
import type { RunPodPodArgs } from "../providers/runpod-pod.ts";

/** What the gateway in the pod is told. */
export function podSettings(
  { app, contractJson, workflowJson }: Deployable,
  { apiKey, webhookSecret }: Pick<PodSettings, "apiKey" | "webhookSecret">,
): PodSettings {
  return {
    appId: app.app_id,
    contractJson,
    workflowJson,
    artifactsJson: JSON.stringify(app.artifacts),
    apiKey,
    webhookSecret,
    jobTimeoutSeconds: app.endpoint.timeout_seconds,
    maxPayloadMb: app.endpoint.max_payload_mb,
    maxUploadMb: app.endpoint.max_upload_mb,
  };
}

/** The pod that an app asks for, but for what is known only at deployment. Sizes in GB. */
export function podArgs({ app }: Deployable, image: string): Omit<RunPodPodArgs, "ownerSeed" | "env" | "podRotation"> {
  return {
    appId: app.app_id,
    image,
    ports: [`${podPorts.public}/http`],
    publicPort: podPorts.public,
    containerDiskGb: 30,
    volumeGb: 100,
    volumeMountPath: podPaths.cache,
    preferredGpuTypes: app.preferred_gpu_types,
    minVramGb: app.compute_policy.min_vram_gb,
    minRamPerGpuGb: app.compute_policy.min_ram_per_gpu_gb,
    gpuCount: app.compute_policy.gpu_count,
    maxPricePerHour: app.compute_policy.max_price_per_hour,
    regions: app.regions,
    // Pulling an image of many GB takes up to 20 minutes on a fresh host.
    startTimeoutSeconds: 1800,
  };
}
