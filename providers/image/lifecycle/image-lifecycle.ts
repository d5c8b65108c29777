import { UserError } from "../../../contract/errors.ts";
import { isUnknown, outputs } from "../../runpod/engine/hook-values.ts";
import { type ConfiguredLogin, loginSources } from "../registry/login-sources.ts";
import { openRegistry } from "../registry/open-registry.ts";
import type { Registry } from "../registry/registry.ts";
import { type BuildWorld, build, untilPushed } from "./build.ts";
import { type ImageInputs, parseImageInputs } from "./inputs.ts";
import { whileRunLasts } from "./run-signal.ts";

type Properties = Record<string, unknown>;

/** What is kept of an image that is there. */
interface ImageState {
  /** null for a base image that nobody needed. */
  digest: string | null;
  /** What a pod runs: `repository@sha256:…`. */
  pinnedRef: string;
}

/** Compares with the registry, so that a plain `up` tells that an image is gone; what runs is left alone all the same. */
export async function diff(olds: Properties, news: Properties, login: ConfiguredLogin) {
  if (olds["imageRef"] !== news["imageRef"]) {
    return { changes: true, replaces: ["imageRef"], deleteBeforeReplace: false };
  }
  // A docker.Image that is to be built.
  if (isUnknown(news["builtDigest"])) return { changes: true };
  const inputs = parseImageInputs(news);
  const { digest } = olds as unknown as ImageState;
  const built = builtDigestOf(inputs);
  if (inputs.missing || (built !== undefined && built !== digest)) return { changes: true };
  if (inputs.kind === "golden" && digest !== null) await warnIfChanged(inputs, digest, worldOf(inputs, login).registry);
  return { changes: false };
}

export async function create(properties: Properties, login: ConfiguredLogin) {
  return { id: String(properties["imageRef"]), outs: await bringUp(properties, login) };
}

export async function update(news: Properties, login: ConfiguredLogin) {
  return { outs: await bringUp(news, login) };
}

async function bringUp(properties: Properties, login: ConfiguredLogin): Promise<Properties> {
  const inputs = parseImageInputs(properties);
  const digest = (await digestOf(inputs, worldOf(inputs, login))) ?? null;
  const pinnedRef = digest === null ? inputs.imageRef : pinned(inputs.imageRef, digest);
  const state: ImageState = { digest, pinnedRef };
  return outputs({ ...properties, ...state });
}

/** @returns undefined for a base image that nobody needs */
async function digestOf(inputs: ImageInputs, world: BuildWorld): Promise<string | undefined> {
  const { imageRef, builder, kind, taggedDigest } = inputs;
  const built = builtDigestOf(inputs);
  if (built !== undefined) {
    const pushed = { ...inputs, imageRef: pinned(imageRef, built) };
    // The docker.Image has done its part, and would not be built by another up.
    const remedy = `run ${replaceCommand(inputs.rebuildUrns)}`;
    return whileRunLasts((signal) => untilPushed(pushed, world.registry, signal, remedy));
  }
  if (taggedDigest !== undefined) return taggedDigest;
  if (kind === "base" && builder === "none") return undefined;
  const found = await world.registry.digest(imageRef);
  if (found !== undefined) return found;
  if (builder !== "none") return build(inputs, world);
  throw new UserError(`${imageRef} is not in the registry any more; run pulumi up again`);
}

async function warnIfChanged(inputs: ImageInputs, digest: string, registry: Registry): Promise<void> {
  const { imageRef, taggedDigest, ownUrn, rebuildUrns } = inputs;
  const keeps = pinned(imageRef, digest);
  try {
    const tagged = taggedDigest ?? (await registry.digest(imageRef));
    if (tagged === digest) return;
    const isThere = (await registry.digest(keeps)) !== undefined;
    if (isThere && tagged === undefined) return;
    const what = isThere
      ? `${imageRef} is another image now (${tagged ?? ""}); the pod keeps ${keeps}`
      : `the registry has no ${keeps} any more, which the pod was made from; another pod could not start`;
    const how =
      tagged === undefined
        ? `to build it again, run ${replaceCommand(rebuildUrns)}`
        : `to take what the tag names now, run ${replaceCommand([ownUrn])}`;
    console.warn(`${what}; ${how}`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.warn(`${error.message}; whether it still has ${keeps} was not checked`);
  }
}

const replaceCommand = (urns: readonly string[]): string =>
  ["pulumi up", ...urns.map((urn) => `--replace '${urn}'`)].join(" ");

function worldOf({ loginRegistry, resourceName }: ImageInputs, login: ConfiguredLogin): BuildWorld {
  const sources = loginSources(loginRegistry, login);
  return { registry: openRegistry(sources), sources, log: (line) => console.log(`${resourceName}: ${line}`) };
}

/** `repository:tag` as `repository@sha256:…`. */
const pinned = (imageRef: string, digest: string): string => `${imageRef.replace(/:[^:/]*$/, "")}@${digest}`;

const builtDigestOf = ({ builtDigest }: ImageInputs): string | undefined =>
  /@(sha256:[0-9a-f]{64})$/.exec(builtDigest ?? "")?.[1];
