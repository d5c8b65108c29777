import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../contract/errors.ts";
import { type PlannedImage, readImage } from "../plan/plan.ts";
import { givenLogin, type LoginSources } from "../registry/login.ts";
import type { Registry } from "../registry/registry.ts";
import { type ImageInputs, placesOf } from "./inputs.ts";
import { lockImage } from "./lock.ts";
import { whileRunLasts } from "./run-signal.ts";

export interface BuildWorld {
  registry: Registry;
  sources: LoginSources;
  log: (line: string) => void;
}

/** Where staged contexts are, below the program's folder. */
export const stagingFolder = join(".comfy_endpoints", "images");

/**
 * Builds what the registry has not, and waits until it has it. Of deployments on one machine that want the same image one does.
 * @returns the digest
 * @throws {UserError} why there is no image, and what to do
 */
export function build(inputs: ImageInputs, world: BuildWorld): Promise<string> {
  const { imageRef, kind, builder } = inputs;
  return whileRunLasts(async (signal) => {
    const image = await readImage(kind, { ...inputs, ...placesOf(inputs) });
    const onWait = () => world.log(`another deployment on this machine builds ${imageRef}; it is waited for`);
    const unlock = await lockImage(imageRef, { onWait, signal });
    try {
      const found = await world.registry.digest(imageRef);
      if (found !== undefined) return found;
      await (builder === "local" ? buildHere : buildThere)(image, world, signal);
      return await untilPushed(inputs, world.registry, signal);
    } finally {
      unlock();
    }
  });
}

async function buildHere(image: PlannedImage, world: BuildWorld, signal: AbortSignal): Promise<void> {
  const { registry, sources, log } = world;
  const [{ buildAndPush }, { stageContext }] = await Promise.all([
    import("../docker/docker-build.ts"),
    import("../context/staging.ts"),
  ]);
  const staged = await stageContext(image, stagingFolder);
  const login = (name: string) => Promise.resolve(givenLogin(name, sources));
  const isPushed = async () => (await registry.digest(image.imageRef)) !== undefined;
  await buildAndPush({ ...image, ...staged }, { env: sources.env, log, login, isPushed, signal });
}

async function buildThere(image: PlannedImage, { sources, log }: BuildWorld, signal: AbortSignal): Promise<void> {
  const { buildOnGitHub } = await import("../github/build.ts");
  await buildOnGitHub(image, { env: sources.env, log, signal });
}

/**
 * Waits until the registry shows an image that was pushed.
 * @param remedy what helps when it does not
 */
export async function untilPushed(
  { imageRef, timeoutSeconds, pollSeconds }: Pick<ImageInputs, "imageRef" | "timeoutSeconds" | "pollSeconds">,
  registry: Registry,
  signal: AbortSignal,
  remedy = "run pulumi up again",
): Promise<string> {
  const until = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    const digest = await registry.digest(imageRef);
    if (digest !== undefined) return digest;
    if (performance.now() >= until) {
      throw new UserError(
        `${imageRef} was built, but the registry does not show it after ${timeoutSeconds} s; see whether it was pushed there, and ${remedy}`,
      );
    }
    await sleep(pollSeconds * 1000, undefined, { signal });
  }
}
