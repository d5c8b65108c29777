import { randomUUID } from "node:crypto";
import type { Catalogue } from "../catalogue.ts";
import type { Wanted } from "./placement.ts";
import { refusals } from "./refusal.ts";

export interface NetworkVolume {
  id: string;
  name: string;
  /** GB. */
  size: number;
  dataCenterId: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

export interface RegistryAuth {
  id: string;
  name: string;
  username: string;
  password: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

/** Network volumes and registry credentials: what outlives pods. */
export interface Storage {
  networkVolumes(): NetworkVolume[];
  createNetworkVolume(volume: Omit<NetworkVolume, "id" | "createdAt">): NetworkVolume;
  updateNetworkVolume(id: string, changed: { name?: string | undefined; size?: number | undefined }): NetworkVolume;
  deleteNetworkVolume(id: string): void;
  registryAuths(): RegistryAuth[];
  saveRegistryAuth(auth: Omit<RegistryAuth, "id" | "createdAt">): RegistryAuth;
  updateRegistryAuth(id: string, changed: { username: string; password: string }): RegistryAuth;
  deleteRegistryAuth(id: string): void;
  /** The wish, held to the cloud and data centre of the network volume. */
  pinned(wanted: Wanted, networkVolumeId: string | undefined): Wanted;
}

// GB, documented.
const smallestVolume = 10;
const largestVolume = 4096;

/** @param isAttached whether some pod, running or stopped, has the volume */
export function createStorage(catalogue: Catalogue, isAttached: (volumeId: string) => boolean): Storage {
  const volumes = new Map<string, NetworkVolume>();
  const auths = new Map<string, RegistryAuth>();

  const volume = (id: string): NetworkVolume => {
    const found = volumes.get(id);
    if (found === undefined) throw refusals.invalid(`network volume not found: ${id}`);
    return found;
  };
  const auth = (id: string): RegistryAuth => {
    const found = auths.get(id);
    if (found === undefined) throw refusals.invalid(`registry auth not found: ${id}`);
    return found;
  };

  return {
    networkVolumes: () => [...volumes.values()],
    createNetworkVolume: (wanted) => {
      const place = catalogue.dataCenters.find(({ id }) => id === wanted.dataCenterId);
      if (place?.storageSupport !== true) {
        throw refusals.invalid(`dataCenterId is "${wanted.dataCenterId}"; network volumes cannot be created there`);
      }
      checkSize(wanted.size);
      const created = { ...wanted, id: shortId(), createdAt: Date.now() };
      volumes.set(created.id, created);
      return created;
    },
    updateNetworkVolume: (id, changed) => {
      const old = volume(id);
      const updated = { ...old, name: changed.name ?? old.name, size: changed.size ?? old.size };
      if (updated.size < old.size) throw refusals.invalid(`size is ${updated.size}; the volume has ${old.size} GB`);
      checkSize(updated.size);
      volumes.set(id, updated);
      return updated;
    },
    deleteNetworkVolume: (id) => {
      // What RunPod does here is not documented; losing data of a pod that still has it mounted is the worse guess.
      if (isAttached(volume(id).id)) throw refusals.invalid(`network volume ${id} is attached to a pod`);
      volumes.delete(id);
    },
    registryAuths: () => [...auths.values()],
    saveRegistryAuth: (wanted) => {
      const saved = { ...wanted, id: randomUUID(), createdAt: Date.now() };
      auths.set(saved.id, saved);
      return saved;
    },
    updateRegistryAuth: (id, changed) => {
      const updated = { ...auth(id), ...changed };
      auths.set(id, updated);
      return updated;
    },
    deleteRegistryAuth: (id) => {
      auths.delete(auth(id).id);
    },
    pinned: (wanted, networkVolumeId) => {
      if (networkVolumeId === undefined) return wanted;
      const { dataCenterId } = volume(networkVolumeId);
      // Somewhere else, or on Community Cloud, no machine can mount it: that is what nothing found looks like.
      const elsewhere = wanted.dataCenterId !== undefined && wanted.dataCenterId !== dataCenterId;
      return { ...wanted, dataCenterId, clouds: elsewhere ? [] : wanted.clouds.filter((cloud) => cloud === "SECURE") };
    },
  };
}

function checkSize(size: number): void {
  if (size >= smallestVolume && size <= largestVolume) return;
  throw refusals.invalid(`size is ${size}; a network volume has ${smallestVolume} to ${largestVolume} GB`);
}

const shortId = (): string => randomUUID().replaceAll("-", "").slice(0, 10);
