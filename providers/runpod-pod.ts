import * as pulumi from "@pulumi/pulumi";
import { ConfiguredProvider } from "./configured-provider.ts";
import type { OnFailed } from "./runpod/ready/on-failed.ts";

type Properties = Record<string, unknown>;

class RunPodPodProvider extends ConfiguredProvider implements pulumi.dynamic.ResourceProvider {
  async check(olds: Properties, news: Properties) {
    return (await import("comfy-endpoints/providers/runpod/pod-lifecycle")).check(olds, news, this.runpodApiKey);
  }
  async diff(_id: string, olds: Properties, news: Properties) {
    return (await import("comfy-endpoints/providers/runpod/pod-lifecycle")).diff(olds, news, this.runpodApiKey);
  }
  async create(inputs: Properties) {
    return (await import("comfy-endpoints/providers/runpod/pod-lifecycle")).create(inputs, this.runpodApiKey);
  }
  async read(id: string, properties: Properties) {
    return (await import("comfy-endpoints/providers/runpod/pod-lifecycle")).read(id, properties, this.runpodApiKey);
  }
  async update(id: string, olds: Properties, news: Properties) {
    return (await import("comfy-endpoints/providers/runpod/pod-lifecycle")).update(id, olds, news, this.runpodApiKey);
  }
  async delete(id: string, properties: Properties) {
    return (await import("comfy-endpoints/providers/runpod/pod-lifecycle")).remove(id, properties, this.runpodApiKey);
  }
}

const provider = new RunPodPodProvider();

/** One place that was asked for a pod, and what RunPod answered. */
export interface PlacementAttempt {
  cloud: string;
  spot: boolean;
  gpu: string;
  dataCenter: string;
  /** USD per hour for the whole pod: list price, or the bid of a spot pod. */
  pricePerHour: number;
  /** RunPod's refusal, or null when the pod was placed here. */
  refusal: string | null;
}

/** Terms on which a pod is asked for; a spot pod is cheaper, and is taken away when somebody pays more. */
export interface DeployProfile {
  cloud: "COMMUNITY" | "SECURE";
  spot: boolean;
}

/** Sizes in GB, times in seconds. */
export interface RunPodPodArgs {
  /** Begins the pod's name. */
  appId: pulumi.Input<string>;
  /** Seed of the Owner: the pod's name is derived from it. */
  ownerSeed: pulumi.Input<string>;
  /** Image to run; a change restarts the container of the same pod. */
  image: pulumi.Input<string>;
  /** Environment of the container. Variables that RunPod adds are left alone. */
  env: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Ports to declare: `8080/http`. */
  ports: pulumi.Input<string[]>;
  /** The port that `endpointUrl` leads to; one of the http ports. */
  publicPort: pulumi.Input<number>;
  containerDiskGb: pulumi.Input<number>;
  /**
   * Size of the pod's own volume. It grows in place; a smaller one is refused, unless `podRotation` asks for another pod.
   * Without meaning when there is a network volume.
   */
  volumeGb: pulumi.Input<number>;
  /** Where the volume is mounted, of either kind. */
  volumeMountPath: pulumi.Input<string>;
  /** A network volume to mount: the pod is placed in its data centre, in the secure cloud. */
  networkVolumeId?: pulumi.Input<string | undefined>;
  /** Where that volume is. @default asked of RunPod */
  networkVolumeDataCenter?: pulumi.Input<string | undefined>;
  /** RunPod's credential for a private image. */
  registryAuthId?: pulumi.Input<string | undefined>;
  /** GPU labels in order of preference; when given, only these are used. */
  preferredGpuTypes: pulumi.Input<string[]>;
  minVramGb?: pulumi.Input<number | undefined>;
  minRamPerGpuGb?: pulumi.Input<number | undefined>;
  gpuCount: pulumi.Input<number>;
  /** USD per hour for the whole pod: bounds the list price, and the bid of a spot pod. */
  maxPricePerHour?: pulumi.Input<number | undefined>;
  /** US, EU, APAC (all of a region's data centres) or data centres by name. */
  regions: pulumi.Input<string[]>;
  /** Terms to ask for, in this order. @default community spot, community, secure spot, secure */
  profiles?: pulumi.Input<DeployProfile[] | undefined>;
  /** How many places are asked on the terms of one profile before the next. @default 4 */
  attemptsPerProfile?: pulumi.Input<number | undefined>;
  /** RunPod stops the pod so long after its creation: a guard against forgotten pods. The next `up` starts it again. */
  stopAfterSeconds?: pulumi.Input<number | undefined>;
  /** RunPod terminates the pod so long after its creation. The next `up` rents another. */
  terminateAfterSeconds?: pulumi.Input<number | undefined>;
  /**
   * What to do when a stopped pod cannot start again because its host has no GPU free: `replace` rents another one, whose
   * volume is empty; `fail` waits for a later `up`. @default "replace"
   */
  onHostFull?: pulumi.Input<"replace" | "fail" | undefined>;
  /** Id of a living pod to take over, instead of renting one. It is terminated like any other unless retained. */
  adoptPodId?: pulumi.Input<string | undefined>;
  /** How long a pod that is to go may finish the jobs it took; 0 does not wait. @default 120 */
  drainSeconds?: pulumi.Input<number | undefined>;
  /** Any new text asks for another pod. */
  podRotation?: pulumi.Input<string | undefined>;
  /** How long RunPod may take from the request to a running container. */
  startTimeoutSeconds: pulumi.Input<number>;
  /** What becomes of a pod whose container does not run by then, as for EndpointReady. @default "stop" */
  onFailed?: pulumi.Input<OnFailed | undefined>;
}

/**
 * A GPU pod at RunPod. Its identity is its name, which is known before it is asked for, so nothing that was created is
 * ever lost: a create that was interrupted finds its pod again.
 */
export class RunPodPod extends pulumi.dynamic.Resource {
  declare public readonly podId: pulumi.Output<string>;
  /** Address of the public port from outside. */
  declare public readonly endpointUrl: pulumi.Output<string>;
  /** Changes whenever the container was started anew. */
  declare public readonly revision: pulumi.Output<string>;
  /** RunPod's desired status when it was last looked at: RUNNING, EXITED. */
  declare public readonly status: pulumi.Output<string>;
  /** COMMUNITY or SECURE. */
  declare public readonly cloud: pulumi.Output<string>;
  declare public readonly spot: pulumi.Output<boolean>;
  declare public readonly gpuType: pulumi.Output<string>;
  declare public readonly dataCenter: pulumi.Output<string>;
  /** USD per hour for the whole pod. */
  declare public readonly costPerHour: pulumi.Output<number>;
  /** Every place that was tried, and why it was refused. */
  declare public readonly placement: pulumi.Output<PlacementAttempt[]>;

  constructor(name: string, args: RunPodPodArgs, options?: pulumi.CustomResourceOptions) {
    const derived = {
      podId: undefined,
      endpointUrl: undefined,
      revision: undefined,
      status: undefined,
      cloud: undefined,
      spot: undefined,
      gpuType: undefined,
      dataCenter: undefined,
      costPerHour: undefined,
      placement: undefined,
    };
    super(
      provider,
      name,
      { ...args, resourceName: name, ...derived },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ["env"] }),
      "comfy-endpoints",
      "RunPodPod",
    );
  }
}
