import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { type Artifact, artifactsSchema } from "../../contract/models/artifact.ts";
import { BootFailure, type Failure } from "../../gateway/boot/failure.ts";
import { bringModels, type ModelsOptions } from "../../gateway/boot/models/step.ts";
import type { StepNews } from "../../gateway/boot/state.ts";
import { createLog } from "../../gateway/log.ts";
import { type ModelServer, type ServedFile, startModelServer } from "./model-server.ts";

/** A volume that models are brought to. */
export interface TestVolume {
  folder: string;
  root: string;
  news: StepNews[];
  log: Record<string, unknown>[];
  /** One boot's models. */
  bring(artifacts: readonly Artifact[], options?: Partial<ModelsOptions>, abort?: AbortSignal): Promise<void>;
  /** One that fails; answers why. */
  failure(artifacts: readonly Artifact[], options?: Partial<ModelsOptions>): Promise<Failure>;
  remove(): void;
}

/** The usual figures, but nobody waits long. */
export const fastLimits = {
  pieceBytes: 256 * 1024,
  journalMs: 20,
  retries: { tries: 4, firstPauseMs: 5, longestPauseMs: 20 },
  beatMs: 20,
  staleMs: 400,
};

export function createVolume(): TestVolume {
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-volume-"));
  const root = join(folder, "models");
  const volume: TestVolume = {
    ...{ folder, root, news: [], log: [] },
    bring: (artifacts, options = {}, abort = new AbortController().signal) =>
      bringModels(
        {
          ...{ artifacts, root, tokens: new Map(), pod: "pod1", limits: fastLimits },
          log: createLog((line) => volume.log.push(JSON.parse(line) as Record<string, unknown>)),
          ...options,
        },
        (news) => volume.news.push(news),
        abort,
      ),
    failure: async (artifacts, options) => {
      try {
        await volume.bring(artifacts, options);
      } catch (error) {
        if (error instanceof BootFailure) return error.failure;
        throw error;
      }
      throw new Error("the models were brought");
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  return volume;
}

/** A server that has one file, `/m`, and an empty volume; new ones for each test. */
export function useServerAndVolume(file: ServedFile): { server: ModelServer; volume: TestVolume } {
  const used = {} as { server: ModelServer; volume: TestVolume };
  beforeEach(async () => {
    used.server = await startModelServer();
    used.server.files.set("/m", { ...file });
    used.volume = createVolume();
  });
  afterEach(async () => {
    await used.server.close();
    used.volume.remove();
  });
  return used;
}

/** A model's artifact, with some of its fields. */
export function modelArtifact(url: string, fields: Record<string, unknown> = {}): Artifact {
  const place = { match: "m.safetensors", target_subdir: "checkpoints", target_path: "m.safetensors" };
  const [artifact] = artifactsSchema.parse([{ source_url: url, ...place, ...fields }]);
  if (artifact === undefined) throw new Error("no artifact");
  return artifact;
}
