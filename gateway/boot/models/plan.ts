import { join } from "node:path";
import { type Artifact, targetOf } from "../../../contract/models/artifact.ts";

/** A model that the app declares, and where it belongs. */
export interface PlannedModel {
  /** Path below the models folder: `checkpoints/flux.safetensors`. */
  target: string;
  /** The same, absolute. */
  path: string;
  sourceUrl: string;
  /** Hex; undefined when nobody declared it. */
  sha256: string | undefined;
  sizeBytes: number | undefined;
}

/** Folder of what the gateway keeps among the models: on the same file system, and no model can be declared in it. */
export const ownFolder = ".comfy-endpoints";

/**
 * What is to be where, once each.
 * @param root the models folder on the volume; paths of artifacts were checked to stay below it when they were parsed
 */
export function planModels(artifacts: readonly Artifact[], root: string): PlannedModel[] {
  const models = artifacts.filter(({ kind }) => kind === "model");
  const plan = models.map((artifact): [string, PlannedModel] => {
    const target = targetOf(artifact);
    const { source_url: sourceUrl, sha256, size_bytes: sizeBytes } = artifact;
    return [target, { target, path: join(root, target), sourceUrl, sha256, sizeBytes }];
  });
  return [...new Map(plan).values()];
}
