import { type Problem, UserError } from "../../../contract/errors.ts";
import type { RunPodApi } from "../api/api.ts";
import { connect } from "../api/connection.ts";
import { isRefusal } from "../api/errors.ts";
import { isUnknown, reasonOf, unknownValue } from "../engine/hook-values.ts";
import { profileName } from "../placement/deploy-profiles.ts";
import { type Market, market } from "../placement/market.ts";
import { outOfStock, placementProblems, priceRange, type Requirements, rungsInStock } from "../placement/placement.ts";
import { requirementsFor } from "../placement/pod-requirements.ts";
import {
  changedRequirements,
  inspectPodInputs,
  type PlaceInputs,
  placeInputsOf,
  replacedInputs,
  shrinksVolume,
} from "./pod-inputs.ts";
import { podMark } from "./pod-name.ts";
import type { Properties } from "./pod-state.ts";

/**
 * Runs at preview too: refuses bad inputs before money is spent, says what a new pod will cost, and fixes the pod's mark.
 * @param olds inputs of the last deployment; empty for a new pod
 */
export async function check(olds: Properties, news: Properties, configKey: string | undefined) {
  const inputs = { ...news, mark: olds["mark"] ?? markOf(news) };
  const asked = asksForPlace(olds, inputs) ? placeInputsOf(inputs) : undefined;
  const found = [
    ...inspectPodInputs(inputs).problems,
    ...portProblems(inputs),
    ...volumeProblems(olds, inputs),
    ...(asked === undefined ? [] : await marketProblems(asked, String(news["resourceName"]), configKey)),
  ];
  return { inputs, failures: found.map(({ path, message }) => ({ property: path, reason: message })) };
}

/** A pod that stays needs no place, whatever the market says today. */
const asksForPlace = (olds: Properties, news: Properties): boolean =>
  olds["mark"] === undefined || replacedInputs(olds, news).length > 0 || changedRequirements(olds, news).length > 0;

function portProblems({ publicPort, ports }: Properties): Problem[] {
  if (isUnknown(ports) || !Array.isArray(ports) || isUnknown(publicPort)) return [];
  const port = `${String(publicPort)}/http`;
  const message = `is ${String(publicPort)}, which "ports" (${ports.join(", ")}) does not declare; add "${port}"`;
  return ports.includes(port) ? [] : [{ path: "publicPort", message }];
}

function volumeProblems(olds: Properties, news: Properties): Problem[] {
  if (!shrinksVolume(olds, news) || replacedInputs(olds, news).length > 0) return [];
  const [size, former] = [String(news["volumeGb"]), String(olds["volumeGb"])];
  const message = `is ${size}, but the pod's volume has ${former} GB and only grows; keep ${former}, or change podRotation too: another pod begins with an empty volume`;
  return [{ path: "volumeGb", message }];
}

async function marketProblems(
  inputs: PlaceInputs,
  resourceName: string,
  configKey: string | undefined,
): Promise<Problem[]> {
  try {
    const api = connect(configKey);
    if (inputs.adoptPodId !== undefined) return await adoptionProblems(api, inputs.adoptPodId, inputs.networkVolumeId);
    const need = await requirementsFor(api, inputs);
    const offers = await market(api, inputs.gpuCount);
    const problems = placementProblems(need, offers.gpuTypes, offers.dataCenters);
    if (problems.length === 0) console.log(`${resourceName}: ${expectedCost(need, offers)}`);
    return problems;
  } catch (error) {
    if (isRefusal(error, "transient")) {
      console.warn(`${error.message}; what RunPod offers was not checked`);
      return [];
    }
    // The Owner's check comes first and says so in one place.
    if (isRefusal(error, "auth")) return [];
    const named = error instanceof UserError ? error.problems : [];
    return named.length > 0 ? [...named] : [{ path: "", message: reasonOf(error) }];
  }
}

async function adoptionProblems(
  api: RunPodApi,
  podId: string,
  networkVolumeId: string | undefined,
): Promise<Problem[]> {
  const pod = await api.findPod(podId);
  const problem = (message: string): Problem[] => [{ path: "adoptPodId", message: `is "${podId}", ${message}` }];
  if (pod === undefined) return problem("but the account has no such pod; give the id of a living one");
  if (pod.networkVolumeId === networkVolumeId) return [];
  const has = pod.networkVolumeId === undefined ? "no network volume" : `the network volume ${pod.networkVolumeId}`;
  return problem(`which has ${has}, and a living pod keeps what it has; make networkVolumeId say so, or adopt another`);
}

/** No stock is no failure here: it changes by the minute, and a pod that an interrupted run left may be found again. */
function expectedCost(need: Requirements, { gpuTypes, dataCenters }: Market): string {
  const { from = 0, to = 0 } = priceRange(need, gpuTypes) ?? {};
  const range = from === to ? from.toFixed(2) : `${from.toFixed(2)} to ${to.toFixed(2)}`;
  const [first] = rungsInStock(need, gpuTypes, dataCenters);
  if (first === undefined)
    return `expected cost: ${range} USD per hour, but ${outOfStock(need, gpuTypes, dataCenters)}`;
  const place = `${profileName(first)} ${first.gpuLabel} in ${first.dataCenter}`;
  return `expected cost: ${first.pricePerHour.toFixed(2)} USD per hour (${place}); ${range} by what is free`;
}

function markOf(news: Properties): string {
  const { ownerSeed, resourceName } = news;
  return isUnknown(ownerSeed) ? unknownValue : podMark(String(ownerSeed), String(resourceName));
}
