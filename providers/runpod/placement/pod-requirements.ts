import { type Problem, problemLine, UserError } from "../../../contract/errors.ts";
import type { RunPodApi } from "../api/api.ts";
import { isUnknown } from "../engine/hook-values.ts";
import { type PlaceInputs, requirementsOf } from "../pod/pod-inputs.ts";
import type { Requirements } from "./placement.ts";

/**
 * The pod's requirements; of a network volume that is given by its id alone, RunPod says where it is.
 * @throws {UserError} when the account has no such volume
 */
export async function requirementsFor(api: RunPodApi, inputs: PlaceInputs): Promise<Requirements> {
  const need = requirementsOf(inputs);
  const { networkVolumeId, networkVolumeDataCenter } = inputs;
  if (networkVolumeId === undefined || networkVolumeDataCenter !== undefined || isUnknown(networkVolumeId)) return need;
  const volumes = await api.listNetworkVolumes();
  const volume = volumes.find(({ id }) => id === networkVolumeId);
  if (volume !== undefined) return { ...need, networkVolume: { dataCenter: volume.dataCenter } };
  const ids = volumes.map(({ id, name }) => `${id} (${name})`).join(", ");
  const problem: Problem = {
    path: "networkVolumeId",
    message: `is "${networkVolumeId}", but the account has no such volume; it has ${ids || "none"}`,
  };
  throw new UserError(problemLine(problem), [problem]);
}
