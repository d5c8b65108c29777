import { join } from "node:path";

/** The environment of a developer who never used Pulumi, whoever runs the tests: nothing is written outside the folder. */
export const pulumiEnv = (folder: string): Record<string, string | undefined> => ({
  ...process.env,
  PULUMI_HOME: join(folder, "home"),
  PULUMI_BACKEND_URL: undefined,
  PULUMI_ACCESS_TOKEN: undefined,
  PULUMI_CONFIG_PASSPHRASE: undefined,
  PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
  COMFY_ENDPOINTS_ENV_FILE: join(folder, "no.env"),
  COMFY_ENDPOINTS_API_KEY: undefined,
});
