/** A pod as its owner sees it. Sizes in GB, prices in USD per hour for the whole pod. */
export interface Pod {
  id: string;
  name: string;
  image: string;
  env: Record<string, string>;
  /** `8080/http`, … in no order that means anything. */
  ports: string[];
  containerDiskGb: number;
  volumeGb: number;
  /** undefined when RunPod does not say. */
  volumeMountPath: string | undefined;
  networkVolumeId: string | undefined;
  gpuCount: number;
  /** Memory of the whole pod. */
  memoryGb: number;
  /** RunPod's intent, not what happens: RUNNING covers pulling and starting too. */
  desiredStatus: "RUNNING" | "EXITED" | "TERMINATED" | "OTHER";
  /** RunPod's free text about the last change. */
  statusDetail: string;
  /** The host reports a running container. */
  containerRunning: boolean;
  spot: boolean;
  costPerHour: number;
  /** Where it was placed; undefined until RunPod says so. */
  cloud: Cloud | undefined;
  gpuTypeId: string | undefined;
  /** Name of the GPU type. */
  gpuType: string | undefined;
  dataCenter: string | undefined;
}

export type Cloud = "COMMUNITY" | "SECURE";

/** What a container runs and shows. */
export interface PodJob {
  image: string;
  env: Record<string, string>;
  ports: string[];
  containerDiskGb: number;
  volumeGb: number;
  volumeMountPath: string;
  registryAuthId: string | undefined;
}

/** Where and on what terms a pod is asked for. */
export interface Rung {
  cloud: Cloud;
  spot: boolean;
  gpuTypeId: string;
  gpuLabel: string;
  dataCenter: string;
  /** USD per hour for the whole pod: the list price, or the bid of a spot pod. */
  pricePerHour: number;
}

export interface PodRequest extends PodJob, Rung {
  name: string;
  gpuCount: number;
  minMemoryGb: number | undefined;
  networkVolumeId: string | undefined;
  /** RunPod stops the pod then. */
  stopAfter?: Date | undefined;
  /** RunPod terminates the pod then. */
  terminateAfter?: Date | undefined;
}

/** One GPU type and its list prices in USD per GPU and hour; undefined where it is not offered on those terms. */
export interface GpuType {
  id: string;
  label: string;
  vramGb: number;
  maxCount: number;
  price: Record<Cloud, { onDemand: number | undefined; spot: number | undefined }>;
}

export interface DataCenter {
  id: string;
  /** GPU types in stock by cloud. */
  inStock: Record<Cloud, string[]>;
}

export interface NetworkVolume {
  id: string;
  /** RunPod lets several have the same one. */
  name: string;
  sizeGb: number;
  dataCenter: string;
}

/** A login at a container registry, as RunPod shows it: without username and password. */
export interface RegistryAuth {
  id: string;
  name: string;
}

export interface RegistryLogin {
  username: string;
  password: string;
}

export interface PodsApi {
  /** Every pod of the account that is not terminated. A new pod may be missing for some moments. */
  listPods(): Promise<Pod[]>;
  /** undefined when the pod is terminated or was never there. */
  findPod(podId: string): Promise<Pod | undefined>;
  createPod(request: PodRequest): Promise<Pod>;
  /** Restarts the container with another job; its disk is wiped, the volume kept. */
  editPod(podId: string, job: PodJob): Promise<void>;
  /** Starts a stopped pod on its own host. `bidPerHour` is the whole pod's bid when it is a spot pod. */
  resumePod(pod: Pod, bidPerHour: number): Promise<void>;
  /** Frees the GPU; the volume is kept, and billed. A pod that is gone counts as stopped. */
  stopPod(podId: string): Promise<void>;
  /** A pod that is gone already counts as terminated. */
  terminatePod(podId: string): Promise<void>;
  gpuTypes(): Promise<GpuType[]>;
  dataCenters(gpuCount: number): Promise<DataCenter[]>;
  /** Address of a pod's http port from outside. */
  podUrl(podId: string, port: number): string;
}

/** What outlives pods. RunPod's words for what is gone are not known: look into the list instead. */
export interface StorageApi {
  /** Ids of the data centres in which network volumes can be created. */
  storageDataCenters(): Promise<string[]>;
  listNetworkVolumes(): Promise<NetworkVolume[]>;
  createNetworkVolume(volume: Omit<NetworkVolume, "id">): Promise<NetworkVolume>;
  /** Renames, grows: a volume never shrinks. */
  updateNetworkVolume(volumeId: string, changed: { name?: string; sizeGb?: number }): Promise<NetworkVolume>;
  deleteNetworkVolume(volumeId: string): Promise<void>;
  listRegistryAuths(): Promise<RegistryAuth[]>;
  createRegistryAuth(name: string, login: RegistryLogin): Promise<RegistryAuth>;
  updateRegistryAuth(registryAuthId: string, login: RegistryLogin): Promise<void>;
  deleteRegistryAuth(registryAuthId: string): Promise<void>;
}

/** One line of a pod's log. */
export interface LogLine {
  /** ISO 8601. */
  time: string;
  /** `container`: what the pod's program printed; `system`: what the host has to say. */
  source: string;
  text: string;
}

export interface LogsApi {
  /**
   * The latest lines of a pod's log, oldest first; of a running pod this takes half a second of silence.
   * @param tail how many, 5000 at most
   * @throws {RunPodError} `gone` when there is no such pod
   */
  podLogs(podId: string, tail: number): Promise<LogLine[]>;
}

/** What an account has and spends, in USD; undefined where RunPod does not say. */
export interface Account {
  balance: number | undefined;
  /** Of everything that runs now. */
  spendPerHour: number | undefined;
}

/** RunPod, as far as endpoints need it. Nothing outside this folder knows which of RunPod's APIs answers. */
export interface RunPodApi extends PodsApi, StorageApi, LogsApi {
  /** Fails when the key is not accepted. */
  authenticate(): Promise<void>;
  account(): Promise<Account>;
}
