/** Keys of a stack's config, `comfy-endpoints:<key>`, and whether their values are secret. Pulumi.yaml says what each means. */
export const stackConfigKeys = {
  app: { secret: false },
  runpodApiKey: { secret: true },
  apiKeyRotation: { secret: false },
  webhookSecretRotation: { secret: false },
  podRotation: { secret: false },
  readyTimeoutSeconds: { secret: false },
  onFailed: { secret: false },
  onHostFull: { secret: false },
  deployProfiles: { secret: false },
  maxDeployAttempts: { secret: false },
  stopAfter: { secret: false },
  terminateAfter: { secret: false },
  adoptPodId: { secret: false },
  idleStopMinutes: { secret: false },
  drainSeconds: { secret: false },
  networkVolumeId: { secret: false },
  networkVolumeGb: { secret: false },
  networkVolumeDataCenter: { secret: false },
  imageBuildBackend: { secret: false },
  imageBuildTimeoutSeconds: { secret: false },
  imageBuildPollSeconds: { secret: false },
  imageBuildWorkflow: { secret: false },
  registryUsername: { secret: false },
  registryPassword: { secret: true },
} as const;

export type StackConfigKey = keyof typeof stackConfigKeys;
