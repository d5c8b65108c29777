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
  networkVolumeId: string | undefined;
  gpuCount: number;
  /** RunPod's intent, not what happens: RUNNING covers pulling and starting too. */
  desiredStatus: "RUNNING" | "EXITED" | "TERMINATED" | "OTHER";
  /** RunPod's free text about the last change. */
  statusDetail: string;
  /** The host reports a running container. */
  containerRunning: boolean;
  spot: boolean;
  costPerHour: number;
  gpuType: string | undefined;
  dataCenter: string | undefined;
}

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

export type Cloud = "COMMUNITY" | "SECURE";

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

/** RunPod, as far as endpoints need it. Nothing outside this folder knows which of RunPod's APIs answers. */
export interface RunPodApi {
  /** Fails when the key is not accepted. */
  authenticate(): Promise<void>;
  /** Every pod of the account that is not terminated. A new pod may be missing for some moments. */
  listPods(): Promise<Pod[]>;
  /** undefined when the pod is terminated or was never there. */
  findPod(podId: string): Promise<Pod | undefined>;
  createPod(request: PodRequest): Promise<Pod>;
  /** Restarts the container with another job; its disk is wiped, the volume kept. */
  editPod(podId: string, job: PodJob): Promise<void>;
  /** Starts a stopped pod on its own host. `bidPerHour` is the whole pod's bid when it is a spot pod. */
  resumePod(pod: Pod, bidPerHour: number): Promise<void>;
  /** A pod that is gone already counts as terminated. */
  terminatePod(podId: string): Promise<void>;
  gpuTypes(): Promise<GpuType[]>;
  dataCenters(gpuCount: number): Promise<DataCenter[]>;
  /** Address of a pod's http port from outside. */
  podUrl(podId: string, port: number): string;
}
