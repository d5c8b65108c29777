/** A program with one pod and, when asked for, something that depends on it and fails. */
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Owner } from "../../providers/owner.ts";
import { RunPodPod, type RunPodPodArgs } from "../../providers/runpod-pod.ts";

class FailingProvider implements pulumi.dynamic.ResourceProvider {
  create(): Promise<pulumi.dynamic.CreateResult> {
    return Promise.reject(new Error("the dependent fails"));
  }
}

class Failing extends pulumi.dynamic.Resource {
  constructor(name: string, options: pulumi.CustomResourceOptions) {
    super(new FailingProvider(), name, {}, options, "test", "Failing");
  }
}

const { dependentFails, ...args } = JSON.parse(readFileSync(process.env["TEST_INPUTS_FILE"] ?? "", "utf8")) as Omit<
  RunPodPodArgs,
  "ownerSeed"
> & { dependentFails?: boolean };

const owner = new Owner("owner");
const pod = new RunPodPod("pod", { ...args, ownerSeed: owner.seed });
if (dependentFails === true) new Failing("dependent", { dependsOn: pod });

export const { podId, revision, status, placement, costPerHour, gpuType, dataCenter, spot } = pod;
