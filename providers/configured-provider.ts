import type { dynamic } from "@pulumi/pulumi";

/**
 * What our dynamic providers share: the RunPod key of the stack's config.
 *
 * Pulumi serializes a provider into the state of its resources, so a provider holds nothing but one-line forwarders to
 * modules that it finds by the package's own name: the state stays small and never runs stale code. It is serialized once
 * for all resources that are given the same object, so there is one object of each class.
 */
export class ConfiguredProvider {
  declare protected runpodApiKey: string | undefined;

  // Set before anything is awaited: `destroy` and `refresh` call other hooks while configure still runs.
  async configure(request: dynamic.ConfigureRequest): Promise<void> {
    this.runpodApiKey = request.config.get("comfy-endpoints:runpodApiKey");
    (await import("comfy-endpoints/providers/runpod/compile-cache")).keepCompiled();
  }
}
