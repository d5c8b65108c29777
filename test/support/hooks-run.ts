import { afterEach, beforeEach, vi } from "vitest";
import { type StartedRunPod, startLocalRunPod } from "./local-runpod.ts";

/**
 * Gives each test a RunPod of its own, to which the hooks that are loaded in it connect; they do not wait before they ask
 * RunPod again.
 * @param load imports the hooks
 * @returns the RunPod, and `newRun`: the hooks as a run of the engine loads them, with nothing remembered from runs before
 */
export function hooksAgainstRunPod<T>(load: () => Promise<T>) {
  let started: StartedRunPod | undefined;

  beforeEach(async () => {
    started = await startLocalRunPod();
    for (const [name, value] of Object.entries(started.env)) vi.stubEnv(name, value);
    vi.stubEnv("COMFY_ENDPOINTS_ENV_FILE", `${started.folder}/no.env`);
    vi.doMock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));
  });

  afterEach(async () => {
    vi.doUnmock("node:timers/promises");
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    await started?.close();
  });

  return {
    runpod: (): StartedRunPod => {
      if (started === undefined) throw new Error("there is a RunPod in a test only");
      return started;
    },
    newRun: (): Promise<T> => {
      vi.resetModules();
      return load();
    },
  };
}
