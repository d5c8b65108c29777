import * as pulumi from "@pulumi/pulumi";
import { ConfiguredProvider } from "./configured-provider.ts";

type Properties = Record<string, unknown>;

class NetworkVolumeProvider extends ConfiguredProvider implements pulumi.dynamic.ResourceProvider {
  async check(olds: Properties, news: Properties) {
    const { check } = await import("comfy-endpoints/providers/runpod/storage/volume-lifecycle");
    return check(olds, news, this.runpodApiKey);
  }
  async diff(_id: string, olds: Properties, news: Properties) {
    const { diff } = await import("comfy-endpoints/providers/runpod/storage/volume-lifecycle");
    return diff(olds, news, this.runpodApiKey);
  }
  async create(inputs: Properties) {
    const { create } = await import("comfy-endpoints/providers/runpod/storage/volume-lifecycle");
    return create(inputs, this.runpodApiKey);
  }
  async read(id: string, properties: Properties) {
    const { read } = await import("comfy-endpoints/providers/runpod/storage/volume-lifecycle");
    return read(id, properties, this.runpodApiKey);
  }
  async update(id: string, olds: Properties, news: Properties) {
    const { update } = await import("comfy-endpoints/providers/runpod/storage/volume-lifecycle");
    return update(id, olds, news, this.runpodApiKey);
  }
  async delete(_id: string, properties: Properties) {
    const { remove } = await import("comfy-endpoints/providers/runpod/storage/volume-lifecycle");
    return remove(properties, this.runpodApiKey);
  }
}

const provider = new NetworkVolumeProvider();

export interface NetworkVolumeArgs {
  /** Seed of the Owner: the volume's name is derived from it. */
  ownerSeed: pulumi.Input<string>;
  /**
   * Name of the volume at RunPod. A volume of that name in that data centre is adopted, and from then on belongs to the
   * stack: destroy deletes it, unless `retainOnDelete` is set. A change renames the volume.
   */
  volumeName?: pulumi.Input<string | undefined>;
  /** RunPod's id of a data centre that has network volumes; another one gets another, empty volume. */
  dataCenter: pulumi.Input<string>;
  /** 10 to 4096. The volume grows in place and never shrinks. */
  sizeGb: pulumi.Input<number>;
}

/** Storage at RunPod that outlives pods; pods of Secure Cloud in its data centre can have it. */
export class NetworkVolume extends pulumi.dynamic.Resource {
  declare public readonly volumeId: pulumi.Output<string>;
  /** The volume's name at RunPod. */
  declare public readonly name: pulumi.Output<string>;
  declare public readonly dataCenter: pulumi.Output<string>;
  declare public readonly sizeGb: pulumi.Output<number>;

  constructor(name: string, args: NetworkVolumeArgs, options?: pulumi.CustomResourceOptions) {
    const derived = { volumeId: undefined, name: undefined };
    const inputs = { ...args, resourceName: name, ...derived };
    super(provider, name, inputs, options, "comfy-endpoints", "NetworkVolume");
  }
}
