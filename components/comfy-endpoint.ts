import { existsSync, readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type Deployable, loadDeployable } from "../contract/deployable.ts";
import { UserError } from "../contract/errors.ts";
import { toPodEnv } from "../contract/pod-env.ts";
import type { WorkflowContract } from "../contract/workflow-contract.ts";
import { ApiKey } from "../providers/api-key.ts";
import { EndpointReady } from "../providers/endpoint-ready.ts";
import { Owner } from "../providers/owner.ts";
import { type PlacementAttempt, RunPodPod } from "../providers/runpod-pod.ts";
import { podArgs, podSettings } from "./pod-args.ts";

export interface ComfyEndpointArgs {
  /**
   * Path of the app's `app.json`, relative to the program's folder. The workflow it names and the contract beside that are
   * read with it.
   * @example "apps/demo/app.json"
   */
  app: string;
  /** Any new text makes a new API key; the container restarts with it. */
  apiKeyRotation?: pulumi.Input<string | undefined>;
  /** Any new text replaces the pod: the old one serves until the new one is ready. */
  podRotation?: pulumi.Input<string | undefined>;
  /**
   * How long models and ComfyUI may take until the endpoint is ready, in seconds.
   * @default 1800
   */
  readyTimeoutSeconds?: number;
}

/** A ComfyUI workflow served as an HTTP API from a GPU pod at RunPod. */
export class ComfyEndpoint extends pulumi.ComponentResource {
  /** Base address of the API; known once the endpoint is ready. */
  readonly endpointUrl: pulumi.Output<string>;
  /** Key for the header `x-api-key`. Secret. */
  readonly apiKey: pulumi.Output<string>;
  readonly podId: pulumi.Output<string>;
  readonly imageRef: pulumi.Output<string>;
  readonly gpuType: pulumi.Output<string>;
  readonly dataCenter: pulumi.Output<string>;
  /** USD per hour for the whole pod. */
  readonly costPerHour: pulumi.Output<number>;
  /** Named, typed inputs and outputs of the API. */
  readonly contract: pulumi.Output<WorkflowContract>;
  /** Every place that was tried for the pod, and why it was refused. */
  readonly placement: pulumi.Output<PlacementAttempt[]>;

  constructor(name: string, args: ComfyEndpointArgs, options?: pulumi.ComponentResourceOptions) {
    super("comfy-endpoints:index:ComfyEndpoint", name, {}, options);

    const deployable = readDeployable(args.app);
    const owner = new Owner(`${name}-owner`, { parent: this });
    const apiKey = chooseApiKey(deployable, name, args, { parent: this, dependsOn: owner });
    const imageRef = imageOf(deployable);
    const pod = new RunPodPod(
      `${name}-pod`,
      {
        ...podArgs(deployable, imageRef),
        ownerSeed: owner.seed,
        env: pulumi.secret(
          apiKey.apply((key) => ({ ...deployable.app.env, ...toPodEnv(podSettings(deployable, key)) })),
        ),
        podRotation: args.podRotation,
      },
      { parent: this },
    );
    const ready = new EndpointReady(
      `${name}-ready`,
      { endpointUrl: pod.endpointUrl, revision: pod.revision, timeoutSeconds: args.readyTimeoutSeconds ?? 1800 },
      { parent: this },
    );

    this.endpointUrl = ready.endpointUrl;
    this.apiKey = apiKey;
    this.podId = pod.podId;
    this.imageRef = pulumi.output(imageRef);
    this.gpuType = pod.gpuType;
    this.dataCenter = pod.dataCenter;
    this.costPerHour = pod.costPerHour;
    this.contract = pulumi.output(deployable.contract);
    this.placement = pod.placement;
    this.registerOutputs({ endpointUrl: this.endpointUrl, podId: this.podId });
  }
}

/** @throws {pulumi.RunError} which the engine shows as its message alone */
function readDeployable(appFile: string): Deployable {
  try {
    const deployable = loadDeployable(appFile, (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined));
    const { provider } = deployable.app;
    if (provider !== "runpod") {
      throw new UserError(`${appFile}: "provider" is "${provider}"; pods are rented from "runpod" only`);
    }
    for (const warning of deployable.warnings) void pulumi.log.warn(`${appFile}: ${warning}`);
    return deployable;
  } catch (error) {
    throw error instanceof UserError ? new pulumi.RunError(error.message) : error;
  }
}

/** The app's own key wins over a generated one. */
function chooseApiKey(
  { app }: Deployable,
  name: string,
  args: ComfyEndpointArgs,
  options: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const own = app.env["COMFY_ENDPOINTS_API_KEY"];
  return own === undefined ? new ApiKey(`${name}-key`, args.apiKeyRotation, options).key : pulumi.secret(own);
}

function imageOf({ app }: Deployable): string {
  if (app.build.image_ref !== undefined) return app.build.image_ref;
  throw new pulumi.RunError('"build.image_ref" is missing; give the golden image that the pod runs');
}
