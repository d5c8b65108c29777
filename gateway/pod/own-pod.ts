import type { OwnPod } from "../../providers/runpod/api/own-pod.ts";
import type { GatewaySettings } from "../settings.ts";

/** This pod at RunPod. RunPod's client is loaded when it is needed: a gateway that starts must not wait for it. */
export async function loadOwnPod({ id, apiKey, apiUrl }: NonNullable<GatewaySettings["pod"]>): Promise<OwnPod> {
  const { createOwnPod } = await import("../../providers/runpod/api/own-pod.ts");
  return createOwnPod(id, { apiKey, baseUrl: apiUrl, timeoutMs: 30_000, retryDelaysMs: [] });
}
