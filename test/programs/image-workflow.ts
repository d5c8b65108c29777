/** A program that keeps the workflow that builds images, and nothing else. */
import * as pulumi from "@pulumi/pulumi";
import { keepImageWorkflow } from "../../components/image-workflow.ts";

const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
const password = new pulumi.Config("comfy-endpoints").getSecret("registryPassword");
const registry = password === undefined ? undefined : { username: "me", password };

export const kept = pulumi
  .output(keepImageWorkflow("endpoint", { env: process.env, registry }, parent))
  .apply((resources) => pulumi.all(resources.map(({ urn }) => urn)));
