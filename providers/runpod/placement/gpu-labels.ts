import type { GpuType } from "../api/api.ts";

/**
 * GPUs that the labels name, in the labels' order, cheaper ones of one label first; all GPUs by price when there is no
 * label. A label is a GPU's id or name, or a part of one, whatever its case and punctuation.
 */
export function matchingGpus(labels: readonly string[], gpuTypes: readonly GpuType[]): GpuType[] {
  if (labels.length === 0) return byPrice(gpuTypes);
  return [...new Set(labels.flatMap((label) => byPrice(gpuTypes.filter((gpu) => matches(gpu, label)))))];
}

/** Labels that name no GPU: a spelling mistake would otherwise cost money unnoticed. */
export function unmatchedLabels(labels: readonly string[], gpuTypes: readonly GpuType[]): string[] {
  return labels.filter((label) => !gpuTypes.some((gpu) => matches(gpu, label)));
}

function matches(gpu: GpuType, label: string): boolean {
  const wanted = normalized(label);
  return wanted !== "" && (normalized(gpu.id).includes(wanted) || normalized(gpu.label).includes(wanted));
}

const normalized = (label: string): string =>
  label
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();

const byPrice = (gpuTypes: readonly GpuType[]): GpuType[] =>
  [...gpuTypes].sort((one, other) => lowestPrice(one) - lowestPrice(other));

function lowestPrice({ price }: GpuType): number {
  const prices = [price.COMMUNITY, price.SECURE].flatMap(({ onDemand, spot }) => [
    onDemand ?? Infinity,
    spot ?? Infinity,
  ]);
  return Math.min(...prices);
}
