import * as pulumi from "@pulumi/pulumi";
import { ConfiguredProvider } from "./configured-provider.ts";

class OwnerProvider extends ConfiguredProvider implements pulumi.dynamic.ResourceProvider {
  async check(_olds: object, news: object) {
    return (await import("comfy-endpoints/providers/runpod/owner-lifecycle")).check(news, this.runpodApiKey);
  }
  async create(inputs: object) {
    return (await import("comfy-endpoints/providers/runpod/owner-lifecycle")).create(inputs);
  }
  async delete(_id: string, properties: Record<string, unknown>) {
    return (await import("comfy-endpoints/providers/runpod/owner-lifecycle")).remove(properties, this.runpodApiKey);
  }
}

const provider = new OwnerProvider();

/**
 * Who the pods of a deployment belong to: a random seed, kept in state, from which their names are derived, so that two
 * people with equal stack names on one RunPod account never touch each other's pods. Created before the pods and deleted
 * after them, it removes whatever a killed deployment left behind.
 */
export class Owner extends pulumi.dynamic.Resource {
  /** 128 bits as hex digits. */
  declare public readonly seed: pulumi.Output<string>;

  constructor(name: string, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { seed: undefined }, options, "comfy-endpoints", "Owner");
  }
}
