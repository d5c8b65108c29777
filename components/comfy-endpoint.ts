import { existsSync, readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type Deployable, loadDeployable } from "../contract/deployable.ts";
import { UserError } from "../contract/errors.ts";
import { pinPacks } from "../contract/nodes/packs.ts";
import { toPodEnv } from "../contract/pod-env.ts";
import type { WorkflowContract } from "../contract/workflow-contract.ts";
import { ApiKey } from "../providers/api-key.ts";
import { EndpointReady, type OnFailed } from "../providers/endpoint-ready.ts";
import { resolveCommit } from "../providers/image/git.ts";
import { NetworkVolume } from "../providers/network-volume.ts";
import { Owner } from "../providers/owner.ts";
import { RegistryAuth } from "../providers/registry-auth.ts";
import { type DeployProfile, type PlacementAttempt, RunPodPod } from "../providers/runpod-pod.ts";
import { WebhookSecret } from "../providers/webhook-secret.ts";
import { endpointImage, type ImageBuildArgs, pullLogin } from "./image.ts";
import { podArgs, podSettings } from "./pod-args.ts";
import { asRunError } from "./run-error.ts";

export { EndpointKey, type EndpointKeyArgs } from "../providers/endpoint-key.ts";

export interface ComfyEndpointArgs {
  /**
   * Path of the app's `app.json`, relative to the program's folder. The workflow it names and the contract beside that are
   * read with it.
   * @example "apps/demo/app.json"
   */
  app: string;
  /**
   * Environment of the pod beside the app's own, which wins. Kept secret: the place for tokens that models are downloaded
   * with.
   */
  env?: Record<string, pulumi.Input<string>> | undefined;
  /** Any new text makes a new API key; the container restarts with it. */
  apiKeyRotation?: pulumi.Input<string | undefined>;
  /**
   * Any new text makes a new webhook secret; the container restarts with it. Webhooks are signed with the former one too,
   * until the next rotation: receivers change over when they like.
   */
  webhookSecretRotation?: pulumi.Input<string | undefined>;
  /** Any new text replaces the pod: the old one serves until the new one is ready. */
  podRotation?: pulumi.Input<string | undefined>;
  /**
   * How long the boot in the pod (models, nodes, ComfyUI) may come no further before it is given up, in seconds. A boot that
   * advances is waited for however long it takes.
   * @default 900
   */
  readyTimeoutSeconds?: number | undefined;
  /**
   * What becomes of the pod when its boot failed or was given up. `stop`: its GPU is not billed any more, its volume is
   * kept, the next `up` starts it again. `terminate`: nothing is left of it, the next `up` rents another. `keep`: it runs
   * on and costs its price, for a look inside.
   * @default "stop"
   */
  onFailed?: OnFailed | undefined;
  /**
   * A network volume for models, which then survive the pod. A size asks for a new one in that data centre, which becomes
   * part of the stack; an id names one that exists and stays yours. The pod is placed beside it, in the secure cloud.
   */
  networkVolume?: NewNetworkVolume | ExistingNetworkVolume | undefined;
  /**
   * Login with which pods pull a private image. An app's `build.container_registry_auth_id` wins over it. Without either it is
   * `GHCR_USERNAME` and `GHCR_TOKEN` of the environment for an image on ghcr.io, else `comfy-endpoints:registryUsername` and
   * `registryPassword` of the stack's config. A login that only Docker knows, of `docker login`, reaches no pod.
   */
  registry?: { username: pulumi.Input<string>; password: pulumi.Input<string> } | undefined;
  /** How the images of an app without `build.image_ref` are built, when no registry has them. */
  imageBuild?: ImageBuildArgs | undefined;
  /** Terms to ask a pod for, in this order. @default community spot, community, secure spot, secure */
  profiles?: DeployProfile[] | undefined;
  /** How many places are asked on the terms of one profile before the next. @default 4 */
  attemptsPerProfile?: number | undefined;
  /**
   * What to do when a stopped pod cannot start again because its host has no GPU free: `replace` rents another one, `fail`
   * waits for a later `up`. @default "replace"
   */
  onHostFull?: "replace" | "fail" | undefined;
  /** RunPod stops the pod so long after its creation, in seconds: a guard against forgotten pods. */
  stopAfterSeconds?: number | undefined;
  /** RunPod terminates the pod so long after its creation, in seconds. */
  terminateAfterSeconds?: number | undefined;
  /**
   * Minutes in which nobody uses the endpoint before its pod stops itself; the next `up` starts it again, and so does
   * `comfy-endpoints wake`. 0 never stops it. @default the app's `endpoint.idle_stop_minutes`, else never
   */
  idleStopMinutes?: number | undefined;
  /** Id of a living pod to take over, instead of renting one. It then belongs to the stack: destroy terminates it. */
  adoptPodId?: pulumi.Input<string | undefined>;
  /** How long a pod that is to go may finish the jobs it took, in seconds; 0 does not wait. @default 120 */
  drainSeconds?: number | undefined;
}

interface NewNetworkVolume {
  /** 10 to 4096; grows in place. */
  sizeGb: pulumi.Input<number>;
  /** RunPod's id of the data centre. */
  dataCenter: pulumi.Input<string>;
}

interface ExistingNetworkVolume {
  id: pulumi.Input<string>;
  /** @default asked of RunPod */
  dataCenter?: pulumi.Input<string | undefined>;
}

/** A ComfyUI workflow served as an HTTP API from a GPU pod at RunPod. */
export class ComfyEndpoint extends pulumi.ComponentResource {
  /** Base address of the API; known once the endpoint is ready. */
  readonly endpointUrl: pulumi.Output<string>;
  /** Key for the header `x-api-key`. Secret. */
  readonly apiKey: pulumi.Output<string>;
  /** Address of the page that shows the API; the one that runs the workflow is at `endpointUrl` itself. */
  readonly docsUrl: pulumi.Output<string>;
  /** What webhooks are signed with: receivers verify them with it. Secret. */
  readonly webhookSecret: pulumi.Output<string>;
  readonly podId: pulumi.Output<string>;
  /** What the pod runs: as the app names it, else `repository@sha256:…`. */
  readonly imageRef: pulumi.Output<string>;
  /** The image below it, with ComfyUI; null when the app names its image. */
  readonly baseImageRef: pulumi.Output<string | null>;
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
    const webhookSecret = chooseWebhookSecret(deployable, name, args, { parent: this, dependsOn: owner });
    const { app } = deployable;
    const pullAs = pullLogin(app, args.registry);
    const podHasLogin = pullAs !== undefined || app.build.container_registry_auth_id !== undefined;
    const build = args.imageBuild ?? {};
    const image = endpointImage({ name, app, appFile: args.app, build, podHasLogin, parent: this });
    const volume = mountedVolume(name, args.networkVolume, owner, this);
    const pod = new RunPodPod(
      `${name}-pod`,
      {
        ...podArgs(deployable, image.imageRef),
        ownerSeed: owner.seed,
        env: podEnv(deployable, { apiKey, webhookSecret: webhookSecret.all }, args),
        registryAuthId: registryAuthId(name, deployable, pullAs, owner, this),
        networkVolumeId: volume?.id,
        networkVolumeDataCenter: volume?.dataCenter,
        profiles: args.profiles,
        attemptsPerProfile: args.attemptsPerProfile,
        onHostFull: args.onHostFull,
        onFailed: args.onFailed,
        stopAfterSeconds: args.stopAfterSeconds,
        terminateAfterSeconds: args.terminateAfterSeconds,
        adoptPodId: args.adoptPodId,
        drainSeconds: args.drainSeconds,
        podRotation: args.podRotation,
      },
      { parent: this },
    );
    const ready = new EndpointReady(
      `${name}-ready`,
      {
        endpointUrl: pod.endpointUrl,
        podId: pod.podId,
        revision: pod.revision,
        costPerHour: pod.costPerHour,
        readyTimeoutSeconds: args.readyTimeoutSeconds ?? 900,
        onFailed: args.onFailed ?? "stop",
      },
      { parent: this },
    );

    this.endpointUrl = ready.endpointUrl;
    this.docsUrl = pulumi.interpolate`${ready.endpointUrl}/docs`;
    this.apiKey = apiKey;
    this.webhookSecret = webhookSecret.secret;
    this.podId = pod.podId;
    this.imageRef = image.imageRef;
    this.baseImageRef = image.baseImageRef;
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
    throw asRunError(error);
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

/** The app's own secret wins over a generated one. */
function chooseWebhookSecret(
  { app }: Deployable,
  name: string,
  args: ComfyEndpointArgs,
  options: pulumi.CustomResourceOptions,
): Pick<WebhookSecret, "secret" | "all"> {
  const own = app.env["COMFY_ENDPOINTS_WEBHOOK_SECRET"];
  if (own === undefined) return new WebhookSecret(`${name}-webhook-secret`, args.webhookSecretRotation, options);
  const [first = own] = own.trim().split(/\s+/);
  return { secret: pulumi.secret(first), all: pulumi.secret(own) };
}

/** What the deployment sets wins over the app's own environment, and that over what the program adds. */
function podEnv(
  deployable: Deployable,
  secrets: { apiKey: pulumi.Output<string>; webhookSecret: pulumi.Output<string> },
  { app, env, idleStopMinutes }: Pick<ComfyEndpointArgs, "app" | "env" | "idleStopMinutes">,
): pulumi.Output<Record<string, string>> {
  return pulumi.secret(
    pulumi
      .all([secrets.apiKey, secrets.webhookSecret, pulumi.all(env ?? {}), pinnedArtifacts(deployable, app)])
      .apply(([apiKey, webhookSecret, extra, artifacts]) => ({
        ...extra,
        ...deployable.app.env,
        ...toPodEnv(podSettings({ ...deployable, artifacts }, { apiKey, webhookSecret, idleStopMinutes })),
      })),
  );
}

/**
 * Each pack of nodes at a commit, which is recorded with the pod: a branch or tag is looked up now.
 * @throws {pulumi.RunError} naming what cannot be told
 */
async function pinnedArtifacts({ artifacts }: Deployable, appFile: string): Promise<Deployable["artifacts"]> {
  try {
    return await pinPacks(artifacts, appFile, resolveCommit);
  } catch (error) {
    throw asRunError(error);
  }
}

function mountedVolume(
  name: string,
  wanted: ComfyEndpointArgs["networkVolume"],
  owner: Owner,
  parent: pulumi.Resource,
): ExistingNetworkVolume | undefined {
  if (wanted === undefined || "id" in wanted) return wanted;
  const volume = new NetworkVolume(`${name}-volume`, { ...wanted, ownerSeed: owner.seed }, { parent });
  return { id: volume.volumeId, dataCenter: wanted.dataCenter };
}

function registryAuthId(
  name: string,
  { app }: Deployable,
  login: ComfyEndpointArgs["registry"],
  owner: Owner,
  parent: pulumi.Resource,
): pulumi.Input<string> | undefined {
  const known = app.build.container_registry_auth_id;
  if (known !== undefined || login === undefined) return known;
  return new RegistryAuth(`${name}-registry`, { ...login, ownerSeed: owner.seed }, { parent }).registryAuthId;
}
