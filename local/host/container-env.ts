import { createHash } from "node:crypto";
import { localPodEnv, podPorts } from "../../contract/pod-env.ts";
import type { Pod } from "../account/pod.ts";

/** The key that RunPod puts into a pod for calls about itself; the same for every container of the pod. */
export const podApiKey = (podId: string): string =>
  `rpa_local_${createHash("sha256").update(podId).digest("hex").slice(0, 32)}`;

/** Ports inside that need a port of this machine: those the image listens on, and what else the pod declares. */
export function insidePorts(pod: Pod): number[] {
  const declared = pod.job.ports.map((port) => Number.parseInt(port, 10)).map(listeningPort);
  return [...new Set<number>([podPorts.gateway, podPorts.comfyui, ...declared])];
}

/** In the image nginx stands at the public port, before the gateway; here is no nginx. */
export const listeningPort = (port: number): number => (port === podPorts.public ? podPorts.gateway : port);

/** Where a container is on this machine, and who is RunPod there. */
export interface Surroundings {
  /** Folder that takes the place of `/`. */
  root: string;
  /** Port inside to port of the machine. */
  ports: Record<number, number>;
  /** Of RunPod's API. */
  apiUrl: string;
}

/** Everything a container has in its environment: what the image sets, what the pod sets, what RunPod adds, its surroundings. */
export function containerEnv(
  pod: Pod,
  image: Record<string, string>,
  { root, ports, apiUrl }: Surroundings,
): Record<string, string> {
  const tcp = pod.job.ports.filter((port) => port.endsWith("/tcp")).map((port) => Number.parseInt(port, 10));
  return {
    ...image,
    ...pod.job.env,
    RUNPOD_POD_ID: pod.id,
    RUNPOD_API_KEY: podApiKey(pod.id),
    RUNPOD_DC_ID: pod.dataCenterId,
    RUNPOD_POD_HOSTNAME: `${pod.id}-64410000`,
    RUNPOD_GPU_COUNT: String(pod.gpuCount),
    RUNPOD_CPU_COUNT: String(pod.vcpuCount),
    RUNPOD_MEM_GB: String(pod.memoryInGb),
    RUNPOD_PUBLIC_IP: "127.0.0.1",
    ...(pod.networkVolumeId !== undefined && { RUNPOD_VOLUME_ID: pod.networkVolumeId }),
    ...Object.fromEntries(tcp.map((port) => [`RUNPOD_TCP_PORT_${port}`, String(ports[listeningPort(port)] ?? "")])),
    // RunPod's own clients take it for the API's address.
    RUNPOD_API_BASE_URL: apiUrl,
    [localPodEnv.pathPrefix]: root,
    [localPodEnv.ports]: Object.entries(ports)
      .map(([inside, outside]) => `${inside}:${outside}`)
      .join(","),
  };
}
