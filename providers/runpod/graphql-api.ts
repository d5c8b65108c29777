import { ClientError, GraphQLClient } from "graphql-request";
import { z } from "zod";
import { dataCentersAnswer, gpuTypesAnswer, podAnswer } from "./answers.ts";
import type { PodJob, PodRequest, RunPodApi } from "./api.ts";
import { authRemedy, isRefusal, RunPodError, refusalOf } from "./errors.ts";
import { type OperationName, operations } from "./operations.ts";

export interface GraphQlApiOptions {
  apiKey: string;
  /** GraphQL is at `<base>/graphql`. */
  baseUrl: string;
  /** Address of a pod's port, with `{podId}` and `{port}`. */
  proxyUrl: string;
  /** Milliseconds that one request may take. */
  timeoutMs: number;
  /** Waits before a query is asked again, in milliseconds. */
  retryDelaysMs: readonly number[];
}

/** RunPod's GraphQL API. Queries are asked again when RunPod stumbles; a mutation is sent once, for it may have worked. */
export function createGraphQlApi(options: GraphQlApiOptions): RunPodApi {
  const client = new GraphQLClient(`${options.baseUrl}/graphql`, {
    // RunPod's edge refuses requests without a User-Agent of their own.
    headers: { authorization: `Bearer ${options.apiKey}`, "user-agent": "comfy-endpoints/0.1" },
    fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(options.timeoutMs) }),
  });

  async function send<T>(name: OperationName, answer: z.ZodType<T>, variables: object = {}): Promise<T> {
    try {
      const data = await client.request<unknown>(operations[name], variables);
      return answer.parse(data);
    } catch (error) {
      throw refused(name, error);
    }
  }

  async function query<T>(name: OperationName, answer: z.ZodType<T>, variables: object = {}): Promise<T> {
    for (const delay of options.retryDelaysMs) {
      try {
        return await send(name, answer, variables);
      } catch (error) {
        if (!isRefusal(error, "transient")) throw error;
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
    }
    return send(name, answer, variables);
  }

  return {
    authenticate: async () => {
      await query("authenticate", z.object({ myself: z.object({ id: z.string().nullish() }) }));
    },
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
      if (request.spot) {
        const bidPerGpu = perGpu(request.pricePerHour, request.gpuCount);
        const answer = await send("rentSpot", z.object({ podRentInterruptable: podAnswer }), {
          input: { ...input, bidPerGpu },
        });
        return answer.podRentInterruptable;
      }
      const answer = await send("rentOnDemand", z.object({ podFindAndDeployOnDemand: podAnswer }), { input });
      return answer.podFindAndDeployOnDemand;
    },
    editPod: async (podId, job) => {
      await send("editPod", z.unknown(), { input: { podId, ...jobInput(job) } });
    },
    resumePod: async (pod, bidPerHour) => {
      const input = { podId: pod.id, gpuCount: pod.gpuCount };
      if (pod.spot) {
        await send("resumeSpotPod", z.unknown(), { input: { ...input, bidPerGpu: perGpu(bidPerHour, pod.gpuCount) } });
      } else {
        await send("resumePod", z.unknown(), { input });
      }
    },
    terminatePod: async (podId) => {
      try {
        await send("terminatePod", z.unknown(), { input: { podId } });
      } catch (error) {
        if (!isRefusal(error, "gone")) throw error;
      }
    },
    gpuTypes: async () => (await query("gpuTypes", z.object({ gpuTypes: gpuTypesAnswer }))).gpuTypes,
    dataCenters: async (gpuCount) => {
      const variables = { secure: { gpuCount, secureCloud: true }, community: { gpuCount, secureCloud: false } };
      return (await query("dataCenters", z.object({ dataCenters: dataCentersAnswer }), variables)).dataCenters;
    },
    podUrl: (podId, port) => options.proxyUrl.replace("{podId}", podId).replace("{port}", String(port)),
  };
}

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

function refused(operation: OperationName, error: unknown): RunPodError {
  if (error instanceof RunPodError) return error;
  if (error instanceof z.ZodError) {
    return new RunPodError("invalid", `RunPod answered ${operation} with something else than its schema says`, {
      cause: error,
    });
  }
  if (error instanceof ClientError) return refusedByRunPod(operation, error);
  const reason = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : "";
  return new RunPodError("transient", `RunPod did not answer ${operation}: ${reason}`, { cause: error });
}

function refusedByRunPod(operation: OperationName, error: ClientError): RunPodError {
  const { status, errors } = error.response;
  if (status === 401 || status === 403) return new RunPodError("auth", `${authRemedy} (HTTP ${status})`);
  const first = errors?.[0];
  if (first !== undefined) {
    const refusal = refusalOf(first.message, first.extensions["code"]);
    return new RunPodError(refusal, refusal === "auth" ? authRemedy : `RunPod refused ${operation}: ${first.message}`);
  }
  const refusal = status === 429 || status >= 500 ? "transient" : "invalid";
  return new RunPodError(refusal, `RunPod answered ${operation} with HTTP ${status}`);
}
