import * as pulumi from "@pulumi/pulumi";
import type { ComfyEndpointArgs } from "./comfy-endpoint.ts";

/** Reads the stack's config; Pulumi.yaml says what each key means. */
export function readConfig(): ComfyEndpointArgs {
  const config = new pulumi.Config("comfy-endpoints");
  const readyTimeoutSeconds = config.getNumber("readyTimeoutSeconds");
  return {
    app: config.require("app"),
    apiKeyRotation: config.get("apiKeyRotation"),
    podRotation: config.get("podRotation"),
    ...(readyTimeoutSeconds === undefined ? {} : { readyTimeoutSeconds }),
  };
}
