import * as pulumi from "@pulumi/pulumi";
import { ConfiguredProvider } from "./configured-provider.ts";

type Properties = Record<string, unknown>;

class RegistryAuthProvider extends ConfiguredProvider implements pulumi.dynamic.ResourceProvider {
  async check(olds: Properties, news: Properties) {
    return (await import("comfy-endpoints/providers/runpod/storage/registry-auth-lifecycle")).check(olds, news);
  }
  async diff(_id: string, olds: Properties, news: Properties) {
    const { diff } = await import("comfy-endpoints/providers/runpod/storage/registry-auth-lifecycle");
    return diff(olds, news, this.runpodApiKey);
  }
  async create(inputs: Properties) {
    const { create } = await import("comfy-endpoints/providers/runpod/storage/registry-auth-lifecycle");
    return create(inputs, this.runpodApiKey);
  }
  async read(id: string, properties: Properties) {
    const { read } = await import("comfy-endpoints/providers/runpod/storage/registry-auth-lifecycle");
    return read(id, properties, this.runpodApiKey);
  }
  async update(_id: string, olds: Properties, news: Properties) {
    const { update } = await import("comfy-endpoints/providers/runpod/storage/registry-auth-lifecycle");
    return update(olds, news, this.runpodApiKey);
  }
  async delete(_id: string, properties: Properties) {
    const { remove } = await import("comfy-endpoints/providers/runpod/storage/registry-auth-lifecycle");
    return remove(properties, this.runpodApiKey);
  }
}

const provider = new RegistryAuthProvider();

export interface RegistryAuthArgs {
  /** Seed of the Owner: the credential's name is derived from it. */
  ownerSeed: pulumi.Input<string>;
  /** Name of the credential at RunPod. One of that name is adopted, and gets this login; another name makes another one. */
  authName?: pulumi.Input<string | undefined>;
  username: pulumi.Input<string>;
  /** Password or access token; kept encrypted in state. */
  password: pulumi.Input<string>;
}

/** A login at a container registry, kept by RunPod, with which pods pull a private image. */
export class RegistryAuth extends pulumi.dynamic.Resource {
  declare public readonly registryAuthId: pulumi.Output<string>;
  /** The credential's name at RunPod. */
  declare public readonly name: pulumi.Output<string>;

  constructor(name: string, args: RegistryAuthArgs, options?: pulumi.CustomResourceOptions) {
    const derived = { registryAuthId: undefined, name: undefined };
    super(
      provider,
      name,
      { ...args, password: pulumi.secret(args.password), resourceName: name, ...derived },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ["password"] }),
      "comfy-endpoints",
      "RegistryAuth",
    );
  }
}
