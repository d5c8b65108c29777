import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { type Artifact, artifactsSchema, targetOf } from "../../contract/models/artifact.ts";
import { type NodePack, nodePacks } from "../../contract/nodes/packs.ts";
import { parseDocument, parseJson } from "../../contract/parse.ts";
import { type Log, messageOf } from "../log.ts";
import type { GatewaySettings } from "../settings.ts";
import type { PodSteps } from "./boot.ts";
import { keepCache } from "./cache/reconcile.ts";
import { BootFailure } from "./failure.ts";
import { linkFolder, planLinks } from "./folders.ts";
import { bringModels } from "./models/step.ts";
import { bringNodes } from "./nodes/step.ts";
import { thisProcess } from "./volume-lock.ts";

type Provisioning = NonNullable<GatewaySettings["provisioning"]>;

/** What the gateway does in a pod before it starts ComfyUI. */
export function podSteps(settings: Provisioning, log: Log): PodSteps {
  return {
    models: async (report, abort) => {
      const artifacts = readArtifacts(settings);
      await linkFolders(settings, artifacts, log);
      await keepCache(
        {
          ...{ root: settings.cache, watchPaths: settings.watchPaths, minBytes: settings.minFileBytes },
          ...{ me: thisProcess(settings.pod), log },
          onMove: (path) => report({ detail: `${basename(path)} moves to the volume` }),
        },
        abort,
      );
      const { models: root, tokens, pod } = settings;
      await bringModels({ artifacts, root, tokens, pod, log }, report, abort);
    },
    nodes: async (report, abort) => {
      const { comfy, python, packEnv: env } = settings;
      await bringNodes({ packs: packsOf(settings), comfy, python, env, log }, report, abort);
    },
  };
}

/** @throws {BootFailure} for artifacts that are none */
const readArtifacts = (settings: Provisioning): Artifact[] => ofArtifacts(settings, (artifacts) => artifacts);

/**
 * The packs of nodes that the app adds.
 * @throws {BootFailure} for artifacts that are none
 */
export const packsOf = (settings: Provisioning): NodePack[] => ofArtifacts(settings, nodePacks);

function ofArtifacts<T>(
  { artifacts: { text, subject } }: Provisioning,
  take: (artifacts: Artifact[], subject: string) => T,
): T {
  try {
    return take(text === undefined ? [] : parseDocument(artifactsSchema, parseJson(text, subject), subject), subject);
  } catch (cause) {
    throw new BootFailure("artifact_config", messageOf(cause), "correct the app's artifacts, and deploy again", {
      cause,
    });
  }
}

async function linkFolders(settings: Provisioning, artifacts: readonly Artifact[], log: Log): Promise<void> {
  const { comfyModels, models, cache, symlinkTargets } = settings;
  if ((await stat(dirname(comfyModels)).catch(() => undefined)) === undefined) {
    log.warn("no folders are linked: there is no ComfyUI", { folder: dirname(comfyModels) });
    return;
  }
  const declared = artifacts.filter(({ kind }) => kind === "model").map(targetOf);
  for (const link of planLinks({ comfyModels, models, cache, further: symlinkTargets, declared }))
    await linkFolder(link);
}
