import type { Problem } from "../../contract/errors.ts";
import type { RunPodApi } from "./api.ts";
import { connect } from "./connection.ts";
import { profileName } from "./deploy-profiles.ts";
import { isRefusal } from "./errors.ts";
import { isUnknown, reasonOf, unknownValue } from "./hook-values.ts";
import { type Market, market } from "./market.ts";
import { outOfStock, placementProblems, priceRange, type Requirements, rungsInStock } from "./placement.ts";
import { changedRequirements, inspectPodInputs, type PodInputs, replacedInputs, shrinksVolume } from "./pod-inputs.ts";
import { podMark } from "./pod-name.ts";
import { requirementsFor } from "./pod-requirements.ts";
import type { Properties } from "./pod-state.ts";

/**
 * Runs at preview too: refuses bad inputs before money is spent, says what a new pod will cost, and fixes the pod's mark.
 * @param olds inputs of the last deployment; empty for a new pod
 */
export async function check(olds: Properties, news: Properties, configKey: string | undefined) {
  const inputs = { ...news, mark: olds["mark"] ?? markOf(news) };
  const { parsed, problems } = inspectPodInputs(inputs);
  const asked = asksForPlace(olds, inputs) ? parsePlaceInputs(inputs, parsed) : undefined;
  const found = [
    ...problems,
    ...portProblems(inputs),
    ...volumeProblems(olds, inputs),
    ...(asked === undefined ? [] : await marketProblems(asked, configKey)),
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

/** Inputs of which only those that place a pod must be known: others (a key, an Owner's seed) often are not at preview. */
function parsePlaceInputs(inputs: Properties, parsed: PodInputs | undefined): PodInputs | undefined {
  if (parsed !== undefined) return parsed;
  const stand: Properties = { ...inputs, env: {}, ownerSeed: "unknown", mark: "unknown" };
  return inspectPodInputs(stand).parsed;
}

async function marketProblems(inputs: PodInputs, configKey: string | undefined): Promise<Problem[]> {
  try {
    const api = connect(configKey);
    const adopted = await adoptionProblems(api, inputs.adoptPodId);
    if (inputs.adoptPodId !== undefined) return adopted;
    const need = await requirementsFor(api, inputs);
    const offers = await market(api, inputs.gpuCount);
    const problems = placementProblems(need, offers.gpuTypes, offers.dataCenters);
    if (problems.length === 0) console.log(`${inputs.resourceName}: ${expectedCost(need, offers)}`);
    return problems;
  } catch (error) {
    if (isRefusal(error, "transient")) {
      console.warn(`${error.message}; what RunPod offers was not checked`);
      return [];
    }
    // The Owner's check comes first and says so in one place.
    if (isRefusal(error, "auth")) return [];
    return [{ path: "", message: reasonOf(error) }];
  }
}

async function adoptionProblems(api: RunPodApi, podId: string | undefined): Promise<Problem[]> {
  if (podId === undefined || (await api.findPod(podId)) !== undefined) return [];
  return [
    { path: "adoptPodId", message: `is "${podId}", but the account has no such pod; give the id of a living one` },
  ];
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
