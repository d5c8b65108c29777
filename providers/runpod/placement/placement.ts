import { type Problem, UserError } from "../../../contract/errors.ts";
import type { DataCenter, GpuType, Rung } from "../api/api.ts";
import { type DeployProfile, defaultProfiles, profileName } from "./deploy-profiles.ts";
import { matchingGpus, unmatchedLabels } from "./gpu-labels.ts";
import { matchingDataCenters, regionNames, unknownRegions } from "./regions.ts";

/** What a pod needs of its host. All of it must hold; what cannot be met is refused, never bent. */
export interface Requirements {
  /** GPU labels in order of preference; when there are any, only these are used. */
  preferredGpuTypes: string[];
  /** GB of VRAM of one GPU. */
  minVramGb: number | undefined;
  /** GB of memory for each GPU: RunPod's placement sees to it. */
  minRamPerGpuGb: number | undefined;
  gpuCount: number;
  /** USD per hour for the whole pod. */
  maxPricePerHour: number | undefined;
  /** Regions (US, EU, APAC) or data centres by name. */
  regions: string[];
  /** Terms in the order to ask for them; undefined means all, cheapest first. */
  profiles: DeployProfile[] | undefined;
  /** A network volume is in one data centre, and in the secure cloud only. */
  networkVolume: { dataCenter: string | undefined } | undefined;
}

/** A requirement, by the name of the pod's input. */
type Constraint = "preferredGpuTypes" | "minVramGb" | "gpuCount" | "maxPricePerHour" | "profiles" | "regions";

/** What the author of an app calls it. */
const fieldOf: Record<Constraint, string> = {
  preferredGpuTypes: "preferred_gpu_types",
  minVramGb: "compute_policy.min_vram_gb",
  gpuCount: "compute_policy.gpu_count",
  maxPricePerHour: "compute_policy.max_price_per_hour",
  profiles: "deployProfiles",
  regions: "regions",
};

/**
 * Requirements that nothing RunPod offers can meet, in stock or not.
 * @returns each with the pod's input as its path
 */
export function placementProblems(need: Requirements, gpuTypes: GpuType[], dataCenters: DataCenter[]): Problem[] {
  const problems: Problem[] = [];
  const add = (path: Constraint, message: string): void =>
    void problems.push({ path, message: `${quoted(path)} ${message}` });

  const unknown = unknownRegions(need.regions, dataCenters);
  if (unknown.length > 0) {
    const known = dataCenters.map(({ id }) => id);
    add("regions", `names ${list(unknown)}; use ${list(regionNames)}, or a data centre: ${list(known)}`);
  }
  const volumeAt = need.networkVolume?.dataCenter;
  const places = matchingDataCenters(need.regions, dataCenters).map(({ id }) => id);
  if (unknown.length === 0 && volumeAt !== undefined && !places.includes(volumeAt)) {
    add("regions", `is ${list(need.regions)}, but the network volume is in ${volumeAt}; add ${volumeAt}`);
  }
  const community = (need.profiles ?? []).filter(({ cloud }) => cloud === "COMMUNITY").map(profileName);
  if (need.networkVolume !== undefined && community.length > 0) {
    add("profiles", `asks for ${list(community)}, where no network volume can be attached; ask for SECURE only`);
  }
  const missing = unmatchedLabels(need.preferredGpuTypes, gpuTypes);
  if (missing.length > 0) {
    const offered = gpuTypes.map(({ label }) => label);
    add("preferredGpuTypes", `names ${list(missing)}, which RunPod does not offer; it offers ${list(offered)}`);
  }
  // Of these, every GPU would be refused once more.
  if (missing.length > 0 || problems.some(({ path }) => path === "profiles")) return problems;

  const refusals = gpuTypes.map((gpu) => refusalOf(gpu, need));
  const last = lastHurdle(refusals);
  if (last !== undefined)
    problems.push({ path: last, message: `no GPU meets the needs; ${refusalText(refusals, need)}` });
  return problems;
}

/**
 * All places that meet the requirements and are in stock, in the order to ask for them: by profile, preference, price.
 * @throws {UserError} when there is none, saying what is offered and which requirement refused it
 */
export function placementLadder(need: Requirements, gpuTypes: GpuType[], dataCenters: DataCenter[]): Rung[] {
  const problems = placementProblems(need, gpuTypes, dataCenters);
  if (problems.length > 0) throw new UserError(problems.map(({ message }) => message).join("\n"));
  const rungs = rungsInStock(need, gpuTypes, dataCenters);
  if (rungs.length === 0) throw new UserError(outOfStock(need, gpuTypes, dataCenters));
  return rungs;
}

/** The ladder when it is known that the requirements can be met; empty when nothing is in stock. */
export function rungsInStock(need: Requirements, gpuTypes: GpuType[], dataCenters: DataCenter[]): Rung[] {
  const gpus = acceptable(need, gpuTypes);
  const places = placesOf(need, dataCenters);
  return profilesOf(need).flatMap((profile) =>
    gpus.flatMap((gpu) => {
      const pricePerHour = affordablePrice(gpu, profile, need);
      if (pricePerHour === undefined) return [];
      return places
        .filter((place) => place.inStock[profile.cloud].includes(gpu.id))
        .map((place) => ({ ...profile, gpuTypeId: gpu.id, gpuLabel: gpu.label, dataCenter: place.id, pricePerHour }));
    }),
  );
}

/** The cheapest and the dearest that a pod may cost, in USD per hour, whatever is in stock at the moment. */
export function priceRange(need: Requirements, gpuTypes: GpuType[]): { from: number; to: number } | undefined {
  const prices = profilesOf(need).flatMap((profile) =>
    acceptable(need, gpuTypes).flatMap((gpu) => affordablePrice(gpu, profile, need) ?? []),
  );
  return prices.length === 0 ? undefined : { from: Math.min(...prices), to: Math.max(...prices) };
}

/** With a network volume the default ladder has no community rungs. */
function profilesOf(need: Requirements): readonly DeployProfile[] {
  const profiles = need.profiles ?? defaultProfiles;
  return need.networkVolume === undefined ? profiles : profiles.filter(({ cloud }) => cloud === "SECURE");
}

function placesOf(need: Requirements, dataCenters: DataCenter[]): DataCenter[] {
  const volumeAt = need.networkVolume?.dataCenter;
  return matchingDataCenters(need.regions, dataCenters).filter(({ id }) => volumeAt === undefined || id === volumeAt);
}

/** GPUs that meet the requirements on some terms: preferred ones in their order, others by price. */
function acceptable(need: Requirements, gpuTypes: GpuType[]): GpuType[] {
  return matchingGpus(need.preferredGpuTypes, gpuTypes).filter((gpu) => refusalOf(gpu, need) === undefined);
}

/** USD per hour for the whole pod; undefined where it is not offered on these terms, or costs too much. */
function affordablePrice(gpu: GpuType, profile: DeployProfile, need: Requirements): number | undefined {
  const price = podPrice(gpu, profile, need);
  return price === undefined || price > (need.maxPricePerHour ?? Infinity) ? undefined : price;
}

function podPrice(gpu: GpuType, { cloud, spot }: DeployProfile, { gpuCount }: Requirements): number | undefined {
  const price = spot ? gpu.price[cloud].spot : gpu.price[cloud].onDemand;
  return price === undefined ? undefined : price * gpuCount;
}

interface Refusal {
  constraint: Constraint;
  /** The GPU, with what it has of the thing that is missing. */
  gpu: string;
}

/** The first requirement that a GPU fails, in the order in which they narrow the offer. */
function refusalOf(gpu: GpuType, need: Requirements): Refusal | undefined {
  if (matchingGpus(need.preferredGpuTypes, [gpu]).length === 0) {
    return { constraint: "preferredGpuTypes", gpu: gpu.label };
  }
  if (gpu.vramGb < (need.minVramGb ?? 0)) return { constraint: "minVramGb", gpu: `${gpu.label} (${gpu.vramGb} GB)` };
  if (gpu.maxCount < need.gpuCount) return { constraint: "gpuCount", gpu: `${gpu.label} (${gpu.maxCount} at most)` };
  const prices = profilesOf(need).flatMap((profile) => podPrice(gpu, profile, need) ?? []);
  if (prices.length === 0) return { constraint: "profiles", gpu: gpu.label };
  const cheapest = Math.min(...prices);
  return cheapest > (need.maxPricePerHour ?? Infinity)
    ? { constraint: "maxPricePerHour", gpu: `${gpu.label} (${cheapest.toFixed(2)} USD)` }
    : undefined;
}

const narrowing: readonly Constraint[] = ["preferredGpuTypes", "minVramGb", "gpuCount", "profiles", "maxPricePerHour"];

/** The requirement that refused the GPUs which came furthest; undefined when some GPU meets all. */
function lastHurdle(refusals: (Refusal | undefined)[]): Constraint | undefined {
  if (refusals.includes(undefined)) return undefined;
  const hit = new Set(refusals.map((refusal) => refusal?.constraint));
  return narrowing.findLast((constraint) => hit.has(constraint)) ?? "preferredGpuTypes";
}

function refusalText(refusals: (Refusal | undefined)[], need: Requirements): string {
  const lines = narrowing.flatMap((constraint) => {
    const gpus = refusals.flatMap((refusal) => (refusal?.constraint === constraint ? [refusal.gpu] : []));
    return gpus.length === 0 ? [] : [`  ${quoted(constraint)} is ${valueOf(constraint, need)}: refuses ${list(gpus)}`];
  });
  return `of ${refusals.length} GPU types offered,\n${lines.join("\n")}`;
}

/** Says what is sold out, and what the requirements refuse besides. */
export function outOfStock(need: Requirements, gpuTypes: GpuType[], dataCenters: DataCenter[]): string {
  const places = placesOf(need, dataCenters).map(({ id }) => id);
  const gpus = acceptable(need, gpuTypes).map(({ label }) => label);
  const refusals = gpuTypes.map((gpu) => refusalOf(gpu, need));
  const rest = refusals.every((refusal) => refusal === undefined) ? "" : `; ${refusalText(refusals, need)}`;
  const terms = list(profilesOf(need).map(profileName));
  return `no GPU in stock: none of ${list(gpus)} in ${list(places)} (${terms}); add regions or GPU types, or try again later${rest}`;
}

function valueOf(constraint: Constraint, need: Requirements): string {
  if (constraint === "profiles") return list(profilesOf(need).map(profileName));
  const value = need[constraint];
  return Array.isArray(value) ? list(value) : String(value);
}

const quoted = (constraint: Constraint): string => `"${fieldOf[constraint]}"`;
const list = (names: readonly string[]): string => [...new Set(names)].join(", ");
