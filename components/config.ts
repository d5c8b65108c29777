import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { UserError } from "../contract/errors.ts";
import { parseDocument } from "../contract/parse.ts";
import type { StackConfigKey } from "../contract/stack-config.ts";
import { onFailedActions } from "../providers/endpoint-ready.ts";
import { backendVariable, backendWishes } from "../providers/image/backend.ts";
import { type Env, withEnvFiles } from "../providers/runpod/env-files.ts";
import { parseProfiles } from "../providers/runpod/placement/deploy-profiles.ts";
import type { ComfyEndpointArgs } from "./comfy-endpoint.ts";
import { parseDuration } from "./duration.ts";

const namespace = "comfy-endpoints";

/** A text of ours whose parser says itself what is wrong. */
const parsed = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      context.addIssue({ code: "custom", message: error.message, input: text });
      return z.NEVER;
    }
  });

const whole = (unit: string) =>
  z.coerce.number(`a whole number of ${unit}`).int(`give whole ${unit}`).positive(`give ${unit} above 0`);
const words = (known: readonly string[]) => `give ${known.join(" or ")}`;

/** Keys of the stack's config, as the engine has them: texts. */
const schema = z.object({
  app: z.string("the path of an app.json"),
  apiKeyRotation: z.string().optional(),
  webhookSecretRotation: z.string().optional(),
  podRotation: z.string().optional(),
  readyTimeoutSeconds: whole("seconds").optional(),
  onFailed: z.enum(onFailedActions, words(onFailedActions)).optional(),
  onHostFull: z.enum(["replace", "fail"], words(["replace", "fail"])).optional(),
  deployProfiles: parsed((text) => parseProfiles(text, "it")).optional(),
  maxDeployAttempts: whole("places").optional(),
  stopAfter: parsed(parseDuration).optional(),
  terminateAfter: parsed(parseDuration).optional(),
  adoptPodId: z.string().optional(),
  idleStopMinutes: z.coerce
    .number("a whole number of minutes")
    .int("give whole minutes")
    .min(0, "give minutes, or 0 to never stop")
    .optional(),
  drainSeconds: z.coerce
    .number("a whole number of seconds")
    .int("give whole seconds")
    .min(0, "give seconds")
    .optional(),
  networkVolumeId: z.string().optional(),
  networkVolumeGb: whole("GB").optional(),
  networkVolumeDataCenter: z.string().optional(),
  registryUsername: z.string().optional(),
  imageBuildBackend: z.enum(backendWishes, words(backendWishes)).optional(),
  imageBuildTimeoutSeconds: whole("seconds").optional(),
  imageBuildPollSeconds: whole("seconds").optional(),
  imageBuildWorkflow: z.stringbool({ truthy: ["true"], falsy: ["false"] }).optional(),
} satisfies Record<Exclude<StackConfigKey, "runpodApiKey" | "registryPassword">, z.ZodType>);

/** Variables that win over a key of the config. */
const fromEnvironment: Partial<Record<keyof z.input<typeof schema>, string>> = {
  deployProfiles: "COMFY_ENDPOINTS_RUNPOD_DEPLOY_PROFILES",
  maxDeployAttempts: "COMFY_ENDPOINTS_RUNPOD_MAX_DEPLOY_ATTEMPTS",
  imageBuildBackend: backendVariable,
  imageBuildTimeoutSeconds: "COMFY_ENDPOINTS_IMAGE_BUILD_TIMEOUT_SECONDS",
  imageBuildPollSeconds: "COMFY_ENDPOINTS_IMAGE_BUILD_POLL_SECONDS",
};

/** Tokens that a pod downloads models with; handed on when they are set where the program runs. */
const tokenVariables = ["HUGGINGFACE_TOKEN", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "CIVITAI_API_TOKEN"];

/**
 * The endpoint that the stack's config and the environment ask for; Pulumi.yaml says what each key means.
 * @throws {pulumi.RunError} with every problem; the engine shows its message alone
 */
export function readConfig(): ComfyEndpointArgs {
  const env = withEnvFiles(process.env, process.cwd());
  const config = new pulumi.Config(namespace);
  try {
    return { ...endpointArgs(settingsOf(config, env), config), env: tokensOf(env) };
  } catch (error) {
    throw error instanceof UserError ? new pulumi.RunError(error.message) : error;
  }
}

function settingsOf(config: pulumi.Config, env: Env): z.output<typeof schema> {
  const names = Object.keys(schema.shape) as (keyof z.input<typeof schema>)[];
  const texts = names.map((name) => [name, env[fromEnvironment[name] ?? ""] ?? config.get(name)]);
  return parseDocument(schema, Object.fromEntries(texts), `stack config ${namespace}`);
}

function endpointArgs(settings: z.output<typeof schema>, config: pulumi.Config): ComfyEndpointArgs {
  const { maxDeployAttempts, deployProfiles, stopAfter, terminateAfter, adoptPodId, registryUsername } = settings;
  const { app, apiKeyRotation, webhookSecretRotation, podRotation, onFailed, onHostFull, drainSeconds } = settings;
  const password = config.getSecret("registryPassword");
  if ((registryUsername === undefined) !== (password === undefined)) {
    throw new UserError(
      `stack config ${namespace}: "registryUsername" and "registryPassword" belong together; set both`,
    );
  }
  return {
    ...{ app, apiKeyRotation, webhookSecretRotation, podRotation, onFailed, onHostFull, adoptPodId, drainSeconds },
    readyTimeoutSeconds: settings.readyTimeoutSeconds,
    profiles: deployProfiles,
    attemptsPerProfile: maxDeployAttempts,
    stopAfterSeconds: stopAfter,
    terminateAfterSeconds: terminateAfter,
    idleStopMinutes: settings.idleStopMinutes,
    networkVolume: networkVolumeOf(settings),
    imageBuild: {
      backend: settings.imageBuildBackend,
      timeoutSeconds: settings.imageBuildTimeoutSeconds,
      pollSeconds: settings.imageBuildPollSeconds,
      keepWorkflow: settings.imageBuildWorkflow,
    },
    registry:
      registryUsername === undefined || password === undefined ? undefined : { username: registryUsername, password },
  };
}

function networkVolumeOf(settings: z.output<typeof schema>): ComfyEndpointArgs["networkVolume"] {
  const { networkVolumeId: id, networkVolumeGb: sizeGb, networkVolumeDataCenter: dataCenter } = settings;
  if (id !== undefined && sizeGb !== undefined) {
    throw new UserError(
      `stack config ${namespace}: "networkVolumeId" names a volume that exists, "networkVolumeGb" asks for a new one; set only one`,
    );
  }
  if (id !== undefined) return { id, dataCenter };
  if (sizeGb === undefined) return undefined;
  if (dataCenter !== undefined) return { sizeGb, dataCenter };
  throw new UserError(`stack config ${namespace}: "networkVolumeDataCenter" is missing; say where the volume is to be`);
}

function tokensOf(env: Env): Record<string, pulumi.Input<string>> {
  return Object.fromEntries(
    tokenVariables.flatMap((name) => (env[name] === undefined ? [] : [[name, pulumi.secret(env[name])]])),
  );
}
