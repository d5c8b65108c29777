import * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../contract/api.ts";

type Properties = Record<string, unknown>;

class EndpointKeyProvider implements pulumi.dynamic.ResourceProvider {
  async check(olds: Properties, news: Properties) {
    return (await import("comfy-endpoints/providers/runpod/endpoint-key-lifecycle")).check(olds, news);
  }
  async diff(_id: string, olds: Properties, news: Properties) {
    return (await import("comfy-endpoints/providers/runpod/endpoint-key-lifecycle")).diff(olds, news);
  }
  async create(inputs: Properties) {
    return (await import("comfy-endpoints/providers/runpod/endpoint-key-lifecycle")).create(inputs);
  }
  async update(_id: string, olds: Properties, news: Properties) {
    return (await import("comfy-endpoints/providers/runpod/endpoint-key-lifecycle")).update(olds, news);
  }
  async delete(_id: string, properties: Properties) {
    return (await import("comfy-endpoints/providers/runpod/endpoint-key-lifecycle")).remove(properties);
  }
}

const provider = new EndpointKeyProvider();

export interface EndpointKeyArgs {
  /** The endpoint's address: `endpointUrl` of a ComfyEndpoint. */
  endpointUrl: pulumi.Input<string>;
  /** `apiKey` of the ComfyEndpoint, or a key with the scope admin. */
  adminKey: pulumi.Input<string>;
  /** `podId` of the ComfyEndpoint: another pod is told of the key anew. */
  podId: pulumi.Input<string>;
  /** What the key is good for: `run` and cancel, `read` everything, upload and delete `files`, `admin`. */
  scopes: pulumi.Input<pulumi.Input<Scope>[]>;
  /** What the gateway calls the key, in its log too. @default the resource's name */
  keyName?: pulumi.Input<string | undefined>;
  /** Any new text makes a new key; the former one is refused from then on. Nothing restarts. */
  rotation?: pulumi.Input<string | undefined>;
}

/** A further key of an endpoint, good for some scopes. The running gateway is told its hash alone; no container restarts. */
export class EndpointKey extends pulumi.dynamic.Resource {
  /** For the header `x-api-key`. Secret. */
  declare public readonly key: pulumi.Output<string>;
  /** What the gateway calls the key. */
  declare public readonly keyName: pulumi.Output<string>;

  constructor(name: string, args: EndpointKeyArgs, options?: pulumi.CustomResourceOptions) {
    super(
      provider,
      name,
      { keyName: undefined, ...args, adminKey: pulumi.secret(args.adminKey), resourceName: name, key: undefined },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ["key", "adminKey"] }),
      "comfy-endpoints",
      "EndpointKey",
    );
  }
}
