import type { Input } from "@pulumi/pulumi";
import type { Deployable } from "../contract/deployable.ts";
import { type PodSettings, podPaths, podPorts } from "../contract/pod-env.ts";
import type { RunPodPodArgs } from "../providers/runpod-pod.ts";

/** What the gateway in the pod is told. */
export function podSettings(
  { app, artifacts, contractJson, workflowJson }: Deployable,
  { apiKey, webhookSecret, idleStopMinutes }: Pick<PodSettings, "apiKey" | "webhookSecret" | "idleStopMinutes">,
): PodSettings {
  return {
    appId: app.app_id,
    contractJson,
    workflowJson,
    artifactsJson: JSON.stringify(artifacts),
    apiKey,
    webhookSecret,
    jobTimeoutSeconds: app.endpoint.timeout_seconds,
    maxPayloadMb: app.endpoint.max_payload_mb,
    maxUploadMb: app.endpoint.max_upload_mb,
    watchPaths: listed(app.cache_policy.watch_paths),
    minFileSizeMb: app.cache_policy.min_file_size_mb,
    symlinkTargets: listed(app.cache_policy.symlink_targets),
    idleStopMinutes: idleStopMinutes ?? app.endpoint.idle_stop_minutes,
    warmUpJson: app.endpoint.warm_up && JSON.stringify(app.endpoint.warm_up),
  };
}

const listed = (paths: readonly string[]): string | undefined => (paths.length === 0 ? undefined : paths.join(","));

/** The pod that an app asks for, but for what is known only at deployment. Sizes in GB. */
export function podArgs(
  { app }: Deployable,
  image: Input<string>,
): Omit<RunPodPodArgs, "ownerSeed" | "env" | "podRotation"> {
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
