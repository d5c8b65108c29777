import { setTimeout as sleep } from "node:timers/promises";
import type { HostOrder, Pod, PodEvent } from "../account/pod.ts";
import { type Container, startContainer } from "./container.ts";
import { containerEnv, insidePorts, listeningPort } from "./container-env.ts";
import { appendLog, type LogLine, readLog } from "./container-log.ts";
import { freePorts } from "./free-ports.ts";
import { type PodFolder, podFolder } from "./pod-folder.ts";

/** What every image runs here, whatever its reference says. */
export interface ContainerImage {
  command: string;
  args: string[];
  cwd: string;
  /** What the image itself sets. */
  env: Record<string, string>;
}

export interface HostOptions {
  dataFolder: string;
  image: ContainerImage;
  /** Milliseconds that pulling an image takes. */
  pullMs: number;
  /** Where RunPod's API is, once it listens: pods are told. */
  apiUrl: () => string;
  report: (podId: string, event: PodEvent) => void;
}

/** Runs pods as processes. */
export interface Host {
  /** Does what a pod's transition asks for, after everything that was asked for the same pod before. */
  order: (pod: Pod, order: HostOrder) => void;
  /** Port of this machine where a port of the pod is listened on; undefined while nothing runs. */
  address: (podId: string, port: number) => number | undefined;
  /** Process id of the running container. */
  pid: (podId: string) => number | undefined;
  /** What the pod has logged in all of its runs, oldest first. */
  log: (podId: string) => Promise<LogLine[]>;
  /** The end of it. */
  logTail: (podId: string) => Promise<string>;
  /** Ends all containers. */
  close: () => Promise<void>;
}

// RunPod gives an outbid pod 5 seconds (documented); the 10 of a stop are Docker's default.
const stopGraceMs = 10_000;
const evictGraceMs = 5_000;
const closeGraceMs = 5_000;
const firstRestartDelayMs = 100;
const longestRestartDelayMs = 5_000;
const tailLines = 100;

/** References that cannot be pulled. */
const isMissingImage = (reference: string): boolean => reference.includes("does-not-exist");

interface Slot {
  folder: PodFolder;
  /** Ends what the latest order is still waiting for. */
  latest: AbortController;
  work: Promise<void>;
  container: Container | undefined;
  ports: Record<number, number>;
  pid: number | undefined;
}

export function createHost({ dataFolder, image, pullMs, apiUrl, report }: HostOptions): Host {
  const slots = new Map<string, Slot>();

  const slotOf = (podId: string): Slot => {
    const slot = slots.get(podId) ?? {
      folder: podFolder(dataFolder, podId),
      latest: new AbortController(),
      work: Promise.resolve(),
      container: undefined,
      ports: {},
      pid: undefined,
    };
    slots.set(podId, slot);
    return slot;
  };

  const log = async (podId: string): Promise<LogLine[]> => {
    const slot = slots.get(podId);
    return slot === undefined ? [] : readLog(slot.folder.log);
  };

  async function stop(slot: Slot, graceMs: number): Promise<void> {
    await slot.container?.stop(graceMs);
    slot.container = undefined;
    slot.pid = undefined;
  }

  async function run(slot: Slot, pod: Pod, signal: AbortSignal): Promise<void> {
    await sleep(pullMs, undefined, { signal });
    if (isMissingImage(pod.job.imageName)) {
      // The API tells no reason; the log does (that it has one is likely, its words are ours).
      appendLog(slot.folder.log, "system", `image ${pod.job.imageName} cannot be pulled: not found`);
      report(pod.id, { type: "image failed", generation: pod.generation });
      return;
    }
    await launch(slot, pod, signal, firstRestartDelayMs);
  }

  async function launch(slot: Slot, pod: Pod, signal: AbortSignal, restartDelayMs: number): Promise<void> {
    const inside = insidePorts(pod);
    const outside = await freePorts(inside.length);
    if (signal.aborted) return;
    slot.ports = Object.fromEntries(inside.map((port, at) => [port, outside[at] ?? 0]));
    const container = startContainer({
      command: image.command,
      args: image.args,
      cwd: image.cwd,
      env: containerEnv(pod, image.env, { root: slot.folder.root, ports: slot.ports, apiUrl: apiUrl() }),
      log: slot.folder.log,
    });
    slot.container = container;
    void container.ended.then(() => restartLater(slot, pod, signal, restartDelayMs)).catch(logUnlessAborted);
    slot.pid = await container.started;
    report(pod.id, { type: "container started", generation: pod.generation, ports: slot.ports });
  }

  /** A container that ends by itself is started again, on the disk it had. */
  async function restartLater(slot: Slot, pod: Pod, signal: AbortSignal, delayMs: number): Promise<void> {
    if (signal.aborted) return;
    slot.pid = undefined;
    report(pod.id, { type: "container ended", generation: pod.generation });
    await sleep(delayMs, undefined, { signal });
    await launch(slot, pod, signal, Math.min(delayMs * 2, longestRestartDelayMs));
  }

  async function carryOut(slot: Slot, pod: Pod, order: HostOrder, signal: AbortSignal): Promise<void> {
    await stop(slot, order === "evict" ? evictGraceMs : stopGraceMs);
    if (order === "remove") {
      await slot.folder.remove();
      slots.delete(pod.id);
      return;
    }
    await slot.folder.wipe(pod);
    if (order === "run") await run(slot, pod, signal);
  }

  return {
    order: (pod, order) => {
      if (order === "none") return;
      const slot = slotOf(pod.id);
      slot.latest.abort();
      slot.latest = new AbortController();
      const { signal } = slot.latest;
      slot.work = slot.work.then(() => carryOut(slot, pod, order, signal)).catch(logUnlessAborted);
    },
    address: (podId, port) => {
      const slot = slots.get(podId);
      return slot?.container === undefined ? undefined : slot.ports[listeningPort(port)];
    },
    pid: (podId) => slots.get(podId)?.pid,
    log,
    logTail: async (podId) =>
      (await log(podId))
        .slice(-tailLines)
        .map(({ text }) => `${text}\n`)
        .join(""),
    close: async () => {
      await Promise.all(
        [...slots.values()].map(async (slot) => {
          slot.latest.abort();
          await slot.work;
          await stop(slot, closeGraceMs);
        }),
      );
    },
  };
}

function logUnlessAborted(error: unknown): void {
  if (error instanceof Error && error.name === "AbortError") return;
  console.error(error);
}
