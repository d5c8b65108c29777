import { ComfyEndpoint } from "./components/comfy-endpoint.ts";
import { readConfig } from "./components/config.ts";

const endpoint = new ComfyEndpoint("endpoint", readConfig());

export const {
  endpointUrl,
  docsUrl,
  apiKey,
  webhookSecret,
  podId,
  imageRef,
  baseImageRef,
  gpuType,
  dataCenter,
  costPerHour,
  contract,
  placement,
} = endpoint;
