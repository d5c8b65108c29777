import { z } from "zod";
import { dataCentersAnswer, gpuTypesAnswer, podAnswer } from "./answers.ts";
import type { PodJob, PodRequest, PodsApi } from "./api.ts";
import { isRefusal } from "./errors.ts";
import type { GraphQlClient } from "./graphql-client.ts";
import { withoutSecrets } from "./redact.ts";

/** @param proxyUrl address of a pod's port, with `{podId}` and `{port}` */
export function createPodsApi({ query, mutate }: GraphQlClient, proxyUrl: string): PodsApi {
  return {
    listPods: async () => {
      // Strict: a list that came back broken must not be taken for an empty account.
      const answer = await query("listPods", z.object({ myself: z.object({ pods: z.array(podAnswer) }) }));
      return answer.myself.pods;
    },
    findPod: async (podId) => {
      const answer = await query("findPod", z.object({ pod: podAnswer.nullish() }), { input: { podId } });
      return answer.pod ?? undefined;
    },
    createPod: async (request) => {
      const input = rentInput(request);
      const secrets = secretsOf(request);
      if (request.spot) {
        const bid = { ...input, bidPerGpu: perGpu(request.pricePerHour, request.gpuCount) };
        const answer = z.object({ podRentInterruptable: podAnswer });
        return (await withoutSecrets(secrets, mutate("rentSpot", answer, { input: bid }))).podRentInterruptable;
      }
      const answer = z.object({ podFindAndDeployOnDemand: podAnswer });
      return (await withoutSecrets(secrets, mutate("rentOnDemand", answer, { input }))).podFindAndDeployOnDemand;
    },
    editPod: async (podId, job) => {
      const input = { podId, ...jobInput(job) };
      await withoutSecrets(secretsOf(job), mutate("editPod", z.unknown(), { input }));
    },
    resumePod: async (pod, bidPerHour) => {
      const input = { podId: pod.id, gpuCount: pod.gpuCount };
      if (pod.spot) {
        await mutate("resumeSpotPod", z.unknown(), {
          input: { ...input, bidPerGpu: perGpu(bidPerHour, pod.gpuCount) },
        });
      } else {
        await mutate("resumePod", z.unknown(), { input });
      }
    },
    stopPod: (podId) => unlessGone(mutate("stopPod", z.unknown(), { input: { podId } })),
    terminatePod: (podId) => unlessGone(mutate("terminatePod", z.unknown(), { input: { podId } })),
    gpuTypes: async () => (await query("gpuTypes", z.object({ gpuTypes: gpuTypesAnswer }))).gpuTypes,
    dataCenters: async (gpuCount) => {
      const variables = { secure: { gpuCount, secureCloud: true }, community: { gpuCount, secureCloud: false } };
      return (await query("dataCenters", z.object({ dataCenters: dataCentersAnswer }), variables)).dataCenters;
    },
    podUrl: (podId, port) => proxyUrl.replace("{podId}", podId).replace("{port}", String(port)),
  };
}

async function unlessGone(change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (!isRefusal(error, "gone")) throw error;
  }
}

// A shorter value is a number or a word, and taking it out would spoil a message.
const secretsOf = ({ env }: PodJob): string[] => Object.values(env).filter((value) => value.length >= 8);

function rentInput(request: PodRequest) {
  return {
    ...jobInput(request),
    name: request.name,
    cloudType: request.cloud,
    gpuTypeId: request.gpuTypeId,
    gpuCount: request.gpuCount,
    dataCenterId: request.dataCenter,
    minMemoryInGb: request.minMemoryGb,
    networkVolumeId: request.networkVolumeId,
    stopAfter: request.stopAfter?.toISOString(),
    terminateAfter: request.terminateAfter?.toISOString(),
    startSsh: false,
  };
}

function jobInput(job: PodJob) {
  return {
    imageName: job.image,
    env: Object.entries(job.env).map(([key, value]) => ({ key, value })),
    ports: job.ports.join(","),
    containerDiskInGb: job.containerDiskGb,
    volumeInGb: job.volumeGb,
    volumeMountPath: job.volumeMountPath,
    containerRegistryAuthId: job.registryAuthId,
  };
}

// Bids are compared in fractions of a cent; more digits are noise of the division.
const perGpu = (pricePerHour: number, gpuCount: number): number => Number((pricePerHour / gpuCount).toFixed(4));
