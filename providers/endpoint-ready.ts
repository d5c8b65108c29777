import * as pulumi from "@pulumi/pulumi";
import { ConfiguredProvider } from "./configured-provider.ts";
import type { OnFailed } from "./runpod/ready/on-failed.ts";

export { type OnFailed, onFailedActions } from "./runpod/ready/on-failed.ts";

type Properties = Record<string, unknown>;

class EndpointReadyProvider extends ConfiguredProvider implements pulumi.dynamic.ResourceProvider {
  async check(_olds: Properties, news: Properties) {
    return (await import("comfy-endpoints/providers/runpod/ready-lifecycle")).check(news);
  }
  async diff(_id: string, olds: Properties, news: Properties) {
    return (await import("comfy-endpoints/providers/runpod/ready-lifecycle")).diff(olds, news);
  }
  async create(inputs: Properties) {
    return (await import("comfy-endpoints/providers/runpod/ready-lifecycle")).create(inputs, this.runpodApiKey);
  }
  async update(_id: string, olds: Properties, news: Properties) {
    return (await import("comfy-endpoints/providers/runpod/ready-lifecycle")).update(olds, news, this.runpodApiKey);
  }
}

const provider = new EndpointReadyProvider();

export interface EndpointReadyArgs {
  /** Base address of the gateway in the pod, whose `/healthz` is watched. */
  endpointUrl: pulumi.Input<string>;
  /** The pod that runs the gateway: RunPod is asked about it while the gateway is silent. */
  podId: pulumi.Input<string>;
  /** The pod's revision: a container that was started anew is waited for anew. */
  revision: pulumi.Input<string>;
  /** USD per hour for the whole pod, for messages that say what a pod costs that runs on. */
  costPerHour: pulumi.Input<number>;
  /**
   * How long the boot may come no further before it is given up, in seconds. A boot that advances is waited for however
   * long it takes.
   * @default 900
   */
  readyTimeoutSeconds?: pulumi.Input<number | undefined>;
  /**
   * What becomes of the pod when its boot failed or was given up. `stop`: its GPU is not billed any more, its volume is
   * kept (and billed), the next `up` starts it again. `terminate`: nothing is left of it, the next `up` rents another.
   * `keep`: it runs on and costs its price, for a look inside.
   * @default "stop"
   */
  onFailed?: pulumi.Input<OnFailed | undefined>;
}

/**
 * An endpoint that answers: created when the gateway in the pod says that it takes runs. The phases of the boot are shown
 * meanwhile.
 */
export class EndpointReady extends pulumi.dynamic.Resource {
  /** The endpoint's address; whoever uses this one waits for the endpoint to be ready. */
  declare public readonly endpointUrl: pulumi.Output<string>;

  constructor(name: string, args: EndpointReadyArgs, options?: pulumi.CustomResourceOptions) {
    const inputs = { ...args, resourceName: name };
    super(provider, name, inputs, options, "comfy-endpoints", "EndpointReady");
  }
}
