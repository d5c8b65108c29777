/** A program with an endpoint and, while the config names scopes, a further key of it. */
import * as pulumi from "@pulumi/pulumi";
import { ComfyEndpoint, EndpointKey, type EndpointKeyArgs } from "comfy-endpoints";

const config = new pulumi.Config("comfy-endpoints");
const endpoint = new ComfyEndpoint("endpoint", { app: config.require("app"), podRotation: config.get("podRotation") });
const scopes = config.getObject<EndpointKeyArgs["scopes"]>("scopes");
const web =
  scopes === undefined
    ? undefined
    : new EndpointKey("web", {
        endpointUrl: endpoint.endpointUrl,
        adminKey: endpoint.apiKey,
        podId: endpoint.podId,
        rotation: config.get("keyRotation"),
        scopes,
      });

export const { endpointUrl, apiKey, webhookSecret, podId } = endpoint;
export const webKey = web?.key ?? null;
