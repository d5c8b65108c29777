import { UserError } from "../../../contract/errors.ts";
import type { NetworkVolume, RunPodApi } from "../api/api.ts";
import { connect } from "../api/connection.ts";
import { isRefusal } from "../api/errors.ts";
import { findOrCreate, persist } from "../api/lost-answers.ts";
import { IncompleteError, isUnknown, outputs, reasonOf } from "../engine/hook-values.ts";
import type { Failure, Properties } from "./storage-inputs.ts";
import { onlyOne, ownName } from "./storage-name.ts";
import { parseVolumeInputs, type VolumeInputs, volumeChanges, volumeFailures, wantedName } from "./volume-inputs.ts";

/** What a volume's resource keeps: RunPod's view of it, under the names of the inputs where it is one. */
interface VolumeState {
  /** null until RunPod has answered. */
  volumeId: string | null;
  name: string;
  dataCenter: string;
  sizeGb: number;
}

// One process serves all hooks of a run. A volume that this run found to be the resource's own is never deleted as the one
// that was replaced: a replacement that was asked for by hand finds the same volume again.
const inUse = new Set<string>();

/** Runs at preview too. */
export async function check(olds: Properties, news: Properties, configKey: string | undefined) {
  const inputs = { ...news, ownName: olds["ownName"] ?? ownName("network-volume", news) };
  const failures = volumeFailures(olds, inputs);
  const { dataCenter } = news;
  const isNewPlace = typeof dataCenter === "string" && !isUnknown(dataCenter) && dataCenter !== olds["dataCenter"];
  return { inputs, failures: isNewPlace ? [...failures, ...(await placeFailures(dataCenter, configKey))] : failures };
}

/** Compares with the living volume, so that a plain `up` sees what was changed or deleted by hand. */
export async function diff(olds: Properties, news: Properties, configKey: string | undefined) {
  const state = stateOf(olds);
  if (!isUnknown(news["dataCenter"]) && news["dataCenter"] !== state.dataCenter) {
    return { changes: true, replaces: ["dataCenter"], deleteBeforeReplace: false };
  }
  if (isUnknown(news) || state.volumeId === null) return { changes: true };
  const actual = await lookedUp(state, configKey);
  if (actual === undefined) return { changes: true, replaces: ["volumeId"], deleteBeforeReplace: false };
  inUse.add(actual.id);
  return { changes: Object.keys(volumeChanges(parseVolumeInputs(news), actual)).length > 0 };
}

export async function create(properties: Properties, configKey: string | undefined) {
  const inputs = parseVolumeInputs(properties);
  // Fixed once and for all: the name may change later, the id of a resource may not.
  const id = `${inputs.dataCenter}/${wantedName(inputs)}`;
  return { id, outs: await bringUp(connect(configKey), id, properties, undefined) };
}

export async function update(id: string, olds: Properties, news: Properties, configKey: string | undefined) {
  return { outs: await bringUp(connect(configKey), id, news, stateOf(olds)) };
}

/** For `refresh`: an empty id says that the volume is gone. */
export async function read(id: string, properties: Properties, configKey: string | undefined) {
  const volume = recorded(stateOf(properties), await connect(configKey).listNetworkVolumes());
  if (volume === undefined) return { id: "", props: {} };
  return { id, props: outputs({ ...properties, ...observed(volume) }) };
}

/** A volume that is gone already counts as deleted; one that a pod still has is kept, with an error. */
export async function remove(properties: Properties, configKey: string | undefined): Promise<void> {
  const api = connect(configKey);
  const state = stateOf(properties);
  const volume = recorded(state, await api.listNetworkVolumes());
  if (volume === undefined) return;
  if (inUse.has(volume.id)) {
    console.warn(`${labelOf(volume)} was kept: this deployment uses it; to get an empty one, delete it by hand`);
    return;
  }
  // Asked first: what RunPod does with a volume that a pod has is not documented, and its data cannot be had back.
  await refuseWhileAttached(api, volume);
  await persist(
    () => api.deleteNetworkVolume(volume.id),
    async () => recorded(state, await api.listNetworkVolumes()) === undefined,
  );
}

/** Finds or creates the volume, and gives it its name and size. */
async function bringUp(
  api: RunPodApi,
  id: string,
  properties: Properties,
  former: VolumeState | undefined,
): Promise<object> {
  const inputs = parseVolumeInputs(properties);
  const { dataCenter, sizeGb } = inputs;
  const name = wantedName(inputs);
  let volume: NetworkVolume | undefined;
  try {
    const wanted = { name, dataCenter, sizeGb };
    const find = async () => {
      const volumes = await api.listNetworkVolumes();
      return (former && recorded(former, volumes)) ?? recorded({ volumeId: null, ...wanted }, volumes);
    };
    const { found, isNew } = await findOrCreate(find, () => api.createNetworkVolume(wanted));
    volume = found;
    inUse.add(volume.id);
    if (!isNew && former === undefined)
      console.log(`${labelOf(volume)} of ${volume.sizeGb} GB was there; it is adopted`);
    return outputs({ ...properties, ...observed(await adjusted(api, inputs, volume)) });
  } catch (error) {
    // Nothing was created, or the state knows the volume already.
    const isKnown = typeof former?.volumeId === "string";
    if (isKnown || (volume === undefined && !isRefusal(error, "transient"))) throw error;
    const state = volume === undefined ? { volumeId: null, name, dataCenter, sizeGb } : observed(volume);
    throw new IncompleteError(id, { ...properties, ...state }, reasonOf(error), { cause: error });
  }
}

async function adjusted(api: RunPodApi, inputs: VolumeInputs, volume: NetworkVolume): Promise<NetworkVolume> {
  const changed = volumeChanges(inputs, volume);
  if (Object.keys(changed).length === 0) return volume;
  if (changed.name !== undefined) await refuseTakenName(api, changed.name, volume);
  let updated: NetworkVolume = { ...volume, ...changed };
  await persist(
    async () => {
      updated = await api.updateNetworkVolume(volume.id, changed);
    },
    async () => {
      const actual = (await api.listNetworkVolumes()).find(({ id }) => id === volume.id);
      return actual !== undefined && Object.keys(volumeChanges(inputs, actual)).length === 0;
    },
  );
  return updated;
}

/** The volume of that state: by its id, or by its name while the id is not known. */
function recorded(state: VolumeState, volumes: readonly NetworkVolume[]): NetworkVolume | undefined {
  const { volumeId, name, dataCenter } = state;
  if (volumeId !== null) return volumes.find(({ id }) => id === volumeId);
  const named = volumes.filter((volume) => volume.name === name && volume.dataCenter === dataCenter);
  return onlyOne(`network volumes in ${dataCenter}`, named);
}

/** When RunPod does not answer: the volume as the last deployment left it. */
async function lookedUp(state: VolumeState, configKey: string | undefined): Promise<NetworkVolume | undefined> {
  try {
    return recorded(state, await connect(configKey).listNetworkVolumes());
  } catch (error) {
    if (!isRefusal(error, "transient")) throw error;
    console.warn(`${error.message}; comparing network volume "${state.name}" with the last deployment instead`);
    return { ...state, id: state.volumeId ?? "" };
  }
}

async function placeFailures(dataCenter: string, configKey: string | undefined): Promise<Failure[]> {
  try {
    const places = await connect(configKey).storageDataCenters();
    if (places.includes(dataCenter)) return [];
    const reason = `is "${dataCenter}", where RunPod has no network volumes; give one of ${places.sort().join(", ")}`;
    return [{ property: "dataCenter", reason }];
  } catch (error) {
    // The Owner's check comes first and says so in one place.
    if (isRefusal(error, "auth")) return [];
    if (!isRefusal(error, "transient")) return [{ property: "", reason: reasonOf(error) }];
    console.warn(`${error.message}; whether ${dataCenter} has network volumes was not checked`);
    return [];
  }
}

async function refuseTakenName(api: RunPodApi, name: string, volume: NetworkVolume): Promise<void> {
  const taken = (await api.listNetworkVolumes()).find(
    (other) => other.name === name && other.dataCenter === volume.dataCenter && other.id !== volume.id,
  );
  if (taken === undefined) return;
  throw new UserError(
    `"volumeName" is "${name}", which is the name of another network volume in ${volume.dataCenter} (${taken.id}); choose another name, or use that volume with another resource`,
  );
}

async function refuseWhileAttached(api: RunPodApi, volume: NetworkVolume): Promise<void> {
  const pods = (await api.listPods()).filter(
    (pod) => pod.networkVolumeId === volume.id && pod.desiredStatus !== "TERMINATED",
  );
  if (pods.length === 0) return;
  const names = pods.map((pod) => `"${pod.name}" (${pod.id})`).join(", ");
  throw new UserError(`${labelOf(volume)} cannot be deleted: it is attached to pod ${names}; terminate the pod first`);
}

const labelOf = ({ name, id, dataCenter }: NetworkVolume): string => `network volume "${name}" (${id}, ${dataCenter})`;

const stateOf = (properties: Properties): VolumeState => properties as unknown as VolumeState;

const observed = ({ id, name, dataCenter, sizeGb }: NetworkVolume): VolumeState => ({
  volumeId: id,
  name,
  dataCenter,
  sizeGb,
});
