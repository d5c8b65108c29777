import { UserError } from "../../contract/errors.ts";
import type { RunPodApi } from "./api.ts";
import { isUnknown } from "./hook-values.ts";
import type { Requirements } from "./placement.ts";
import { type PodInputs, requirementsOf } from "./pod-inputs.ts";

/**
 * The pod's requirements; of a network volume that is given by its id alone, RunPod says where it is.
 * @throws {UserError} when the account has no such volume
 */
export async function requirementsFor(api: RunPodApi, inputs: PodInputs): Promise<Requirements> {
  const need = requirementsOf(inputs);
  const { networkVolumeId, networkVolumeDataCenter } = inputs;
  if (networkVolumeId === undefined || networkVolumeDataCenter !== undefined || isUnknown(networkVolumeId)) return need;
  const volumes = await api.listNetworkVolumes();
  const volume = volumes.find(({ id }) => id === networkVolumeId);
  if (volume !== undefined) return { ...need, networkVolume: { dataCenter: volume.dataCenter } };
  const ids = volumes.map(({ id, name }) => `${id} (${name})`).join(", ");
  throw new UserError(
    `"networkVolumeId" is "${networkVolumeId}", but the account has no such volume; it has ${ids || "none"}`,
  );
}
