import type { DataCenter } from "../api/api.ts";

const prefixes: Record<string, string[]> = {
  US: ["US-"],
  USA: ["US-"],
  NA: ["US-", "CA-"],
  EU: ["EU-", "EUR-"],
  EUR: ["EU-", "EUR-"],
  APAC: ["AP-", "OC-"],
  ASIA: ["AP-"],
};

/** Words that stand for all data centres of a region. */
export const regionNames: readonly string[] = Object.keys(prefixes);

/** Data centres that the regions name, in the regions' order. */
export function matchingDataCenters(regions: readonly string[], dataCenters: readonly DataCenter[]): DataCenter[] {
  return [...new Set(regions.flatMap((region) => dataCenters.filter(({ id }) => isIn(id, region))))];
}

/** Regions that stand for no data centre. */
export function unknownRegions(regions: readonly string[], dataCenters: readonly DataCenter[]): string[] {
  return regions.filter((region) => !dataCenters.some(({ id }) => isIn(id, region)));
}

function isIn(dataCenter: string, region: string): boolean {
  const name = region.toUpperCase();
  return prefixes[name]?.some((prefix) => dataCenter.startsWith(prefix)) ?? dataCenter === name;
}
