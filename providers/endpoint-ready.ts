import * as pulumi from "@pulumi/pulumi";

class EndpointReadyProvider implements pulumi.dynamic.ResourceProvider {
  async diff(_id: string, olds: object, news: object) {
    return (await import("comfy-endpoints/providers/runpod/ready-lifecycle")).diff(olds, news);
  }
  async create(inputs: object) {
    return (await import("comfy-endpoints/providers/runpod/ready-lifecycle")).create(inputs);
  }
  async update(_id: string, _olds: object, news: object) {
    return (await import("comfy-endpoints/providers/runpod/ready-lifecycle")).update(news);
  }
}

export interface EndpointReadyArgs {
  endpointUrl: pulumi.Input<string>;
  /** The pod's revision: a container that was started anew is waited for anew. */
  revision: pulumi.Input<string>;
  /** How long models and ComfyUI may take to be ready, in seconds. */
  timeoutSeconds: pulumi.Input<number>;
}

/** An endpoint that answers: created when the gateway in the pod says that it takes runs. */
export class EndpointReady extends pulumi.dynamic.Resource {
  /** The endpoint's address; whoever uses this one waits for the endpoint to be ready. */
  declare public readonly endpointUrl: pulumi.Output<string>;

  constructor(name: string, args: EndpointReadyArgs, options?: pulumi.CustomResourceOptions) {
    super(new EndpointReadyProvider(), name, { ...args }, options, "comfy-endpoints", "EndpointReady");
  }
}
