import { mkdir, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Pod } from "../account/pod.ts";

/**
 * A pod's place on this machine: `root/` is its container disk, `volume/` its volume, `container.log` what it prints.
 * Network volumes lie beside the pods.
 */
export interface PodFolder {
  root: string;
  log: string;
  /** An empty container disk with the volume mounted. */
  wipe(pod: Pod): Promise<void>;
  remove(): Promise<void>;
}

export function podFolder(dataFolder: string, podId: string): PodFolder {
  const folder = join(dataFolder, "pods", podId);
  const root = join(folder, "root");
  const log = join(folder, "container.log");
  return {
    root,
    log,
    wipe: async (pod) => {
      await rm(root, { recursive: true, force: true });
      await mkdir(root, { recursive: true });
      const volume = volumeFolder(dataFolder, folder, pod);
      if (volume === undefined) return;
      await mkdir(volume, { recursive: true });
      const mount = join(root, pod.job.volumeMountPath);
      await mkdir(dirname(mount), { recursive: true });
      await symlink(volume, mount);
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

function volumeFolder(dataFolder: string, folder: string, pod: Pod): string | undefined {
  if (pod.networkVolumeId !== undefined) return join(dataFolder, "network-volumes", pod.networkVolumeId);
  return pod.job.volumeInGb > 0 ? join(folder, "volume") : undefined;
}
