import type { Account } from "../account/account.ts";
import type { Wanted } from "../account/placement.ts";
import type { PodJob } from "../account/pod.ts";
import { clouds } from "../catalogue.ts";
import { podView, type ReportingDelays } from "./pod-view.ts";
import { dataCenterView, gpuTypeView } from "./stock-view.ts";

/** Arguments as graphql hands them over: validated against the schema, so the shapes hold; null and absent alike. */
interface RentInput {
  name?: string | null;
  imageName?: string | null;
  gpuTypeId?: string | null;
  gpuTypeIdList?: (string | null)[] | null;
  gpuCount?: number | null;
  cloudType?: "SECURE" | "COMMUNITY" | "ALL" | null;
  networkVolumeId?: string | null;
  startSsh?: boolean | null;
  supportPublicIp?: boolean | null;
  dataCenterId?: string | null;
  countryCode?: string | null;
  minMemoryInGb?: number | null;
  minVcpuCount?: number | null;
  deployCost?: number | null;
  bidPerGpu?: number | null;
  stopAfter?: string | null;
  terminateAfter?: string | null;
}

interface JobInput {
  imageName?: string | null;
  dockerArgs?: string | null;
  env?: ({ key: string; value: string } | null)[] | null;
  ports?: string | null;
  containerDiskInGb?: number | null;
  volumeInGb?: number | null;
  volumeMountPath?: string | null;
  containerRegistryAuthId?: string | null;
}

export interface RootOptions {
  account: Account;
  delays: ReportingDelays;
  /** Milliseconds for which what is new is missing in lists. */
  listLagMs: number;
  /** What startSsh adds as PUBLIC_KEY. */
  sshPublicKey: string;
}

export interface RequestContext {
  /** What a fault sets for this request. */
  listLagMs: number | undefined;
}

/** The root value of the schema: one function per root field. */
export function createRoot({ account, delays, listLagMs, sshPublicKey }: RootOptions) {
  const view = (pod: Parameters<typeof podView>[0]) => podView(pod, account, delays, Date.now());
  const volumeView = (volume: ReturnType<Account["networkVolumes"]>[number]) => ({
    ...volume,
    dataCenter: () => dataCenters().find(({ id }) => id === volume.dataCenterId),
  });
  const gpuTypes = () => account.catalogue.gpuTypes.map((type) => gpuTypeView(type, account));
  const dataCenters = () => account.catalogue.dataCenters.map((place) => dataCenterView(place, account));

  const rent = (input: RentInput & JobInput, spot: boolean) => {
    const job = { ...emptyJob, ...jobOf(input) };
    const env = input.startSsh === true ? { ...job.env, PUBLIC_KEY: sshPublicKey } : job.env;
    const pod = account.rent({
      name: input.name ?? "",
      job: { ...job, env },
      wanted: wantedOf(input, spot),
      networkVolumeId: input.networkVolumeId ?? undefined,
      stopAfter: moment(input.stopAfter),
      terminateAfter: moment(input.terminateAfter),
    });
    return view(pod);
  };

  return {
    myself: (_: unknown, context: RequestContext) => {
      const lag = context.listLagMs ?? listLagMs;
      const isListed = ({ createdAt }: { createdAt: number }) => Date.now() - createdAt >= lag;
      return {
        id: "user_local",
        pubKey: sshPublicKey,
        clientBalance: () => account.balance,
        currentSpendPerHr: () => account.spendPerHr(),
        pods: () => account.pods().filter(isListed).map(view),
        networkVolumes: () => account.networkVolumes().filter(isListed).map(volumeView),
        containerRegistryCreds: () =>
          account
            .registryAuths()
            .filter(isListed)
            .map(({ id, name }) => ({ id, name })),
      };
    },
    pod: ({ input }: { input?: { podId: string } | null }) => {
      const pod = input ? account.pod(input.podId) : undefined;
      return pod === undefined ? null : view(pod);
    },
    gpuTypes: ({ input }: { input?: { id?: string | null; ids?: string[] | null } | null }) =>
      gpuTypes().filter((type) => (input?.id ?? type.id) === type.id && (input?.ids?.includes(type.id) ?? true)),
    dataCenters,
    podFindAndDeployOnDemand: ({ input }: { input?: (RentInput & JobInput) | null }) => rent(input ?? {}, false),
    podRentInterruptable: ({ input }: { input: RentInput & JobInput }) => rent(input, true),
    podEditJob: ({ input }: { input: JobInput & { podId: string } }) => view(account.edit(input.podId, jobOf(input))),
    podResume: ({ input }: { input: { podId: string } }) => view(account.resume(input.podId)),
    podBidResume: ({ input }: { input: { podId: string; bidPerGpu: number } }) =>
      view(account.bidAndResume(input.podId, input.bidPerGpu)),
    podStop: ({ input }: { input: { podId: string } }) => view(account.stop(input.podId)),
    podTerminate: ({ input }: { input: { podId: string } }) => {
      account.terminate(input.podId);
      return null;
    },
    createNetworkVolume: ({ input }: { input: { name?: string | null; size?: number | null; dataCenterId: string } }) =>
      volumeView(
        account.createNetworkVolume({
          name: input.name ?? "",
          size: input.size ?? 0,
          dataCenterId: input.dataCenterId,
        }),
      ),
    updateNetworkVolume: ({ input }: { input: { id: string; name?: string | null; size?: number | null } }) =>
      volumeView(
        account.updateNetworkVolume(input.id, { name: input.name ?? undefined, size: input.size ?? undefined }),
      ),
    deleteNetworkVolume: ({ input }: { input: { id: string } }) => {
      account.deleteNetworkVolume(input.id);
      return null;
    },
    saveRegistryAuth: ({ input }: { input?: { name: string; username: string; password: string } | null }) =>
      input ? account.saveRegistryAuth(input) : null,
    updateRegistryAuth: ({ input }: { input?: { id: string; username: string; password: string } | null }) =>
      input ? account.updateRegistryAuth(input.id, { username: input.username, password: input.password }) : null,
    deleteRegistryAuth: ({ registryAuthId }: { registryAuthId?: string | null }) => {
      account.deleteRegistryAuth(registryAuthId ?? "");
      return null;
    },
  };
}

const emptyJob: PodJob = {
  imageName: "",
  dockerArgs: "",
  env: {},
  ports: [],
  containerDiskInGb: 0,
  volumeInGb: 0,
  volumeMountPath: "/workspace",
  containerRegistryAuthId: undefined,
};

/** Only what the input names. */
function jobOf(input: JobInput): Partial<PodJob> {
  const { imageName, dockerArgs, env, ports, containerDiskInGb, volumeInGb, volumeMountPath } = input;
  const { containerRegistryAuthId } = input;
  return {
    ...(typeof imageName === "string" && { imageName }),
    ...(typeof dockerArgs === "string" && { dockerArgs }),
    ...(env && { env: Object.fromEntries(env.flatMap((one) => (one ? [[one.key, one.value]] : []))) }),
    ...(typeof ports === "string" && { ports: ports.split(",").flatMap((port) => port.trim() || []) }),
    ...(typeof containerDiskInGb === "number" && { containerDiskInGb }),
    ...(typeof volumeInGb === "number" && { volumeInGb }),
    ...(typeof volumeMountPath === "string" && volumeMountPath !== "" && { volumeMountPath }),
    ...(typeof containerRegistryAuthId === "string" && { containerRegistryAuthId }),
  };
}

function wantedOf(input: RentInput, spot: boolean): Wanted {
  const list = input.gpuTypeIdList?.flatMap((id) => id ?? []) ?? [];
  return {
    gpuTypeIds: [...new Set([...(input.gpuTypeId ? [input.gpuTypeId] : []), ...list])],
    // Without a count RunPod's scheduler finds nothing (seen live); 0 finds nothing here.
    gpuCount: input.gpuCount ?? 0,
    clouds: input.cloudType === "SECURE" || input.cloudType === "COMMUNITY" ? [input.cloudType] : clouds,
    // Clients send "" for "anywhere".
    dataCenterId: input.dataCenterId || undefined,
    countryCode: input.countryCode || undefined,
    minMemoryInGb: input.minMemoryInGb ?? undefined,
    minVcpuCount: input.minVcpuCount ?? undefined,
    // Asked of Community Cloud only; a machine of Secure Cloud always has one.
    supportPublicIp: input.supportPublicIp ?? undefined,
    deployCost: input.deployCost ?? undefined,
    bidPerGpu: spot ? (input.bidPerGpu ?? 0) : undefined,
  };
}

function moment(text: string | null | undefined): number | undefined {
  const at = text ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
