import * as pulumi from "@pulumi/pulumi";
import { GoldenImage, type GoldenImageArgs } from "../providers/golden-image.ts";
import { githubTroubleOf } from "../providers/image/backend.ts";
import { decideImages, type HeldImage, type ImageDecision, idleImage } from "../providers/image/decision.ts";
import { dockerTroubleOf } from "../providers/image/docker/docker.ts";
import { parseImageRef } from "../providers/image/image-ref.ts";
import { sourceOf } from "../providers/image/lifecycle/inputs.ts";
import { type ImagePlan, planImages } from "../providers/image/plan/plan.ts";
import { givenLogin, type LoginSources } from "../providers/image/registry/login.ts";
import { openRegistry } from "../providers/image/registry/open-registry.ts";
import type { Registry } from "../providers/image/registry/registry.ts";
import { declareDockerImage, dockerImageType, imagesInMaking, type Making, withImageLock } from "./docker-image.ts";
import { heldResources } from "./held-resources.ts";
import type { ImageSubject } from "./image.ts";
import { stackLoginSources } from "./login-sources.ts";
import { pullProblem } from "./private-image.ts";

/** Names of an endpoint's resources in the stack. */
interface Urns {
  base: string;
  golden: string;
  dockerImage: string;
}

interface Made extends Making {
  imageRef: pulumi.Output<string>;
  baseImageRef: string;
}

/**
 * Declares what an app's images need in this stack: as little as possible when the registry has them.
 * @throws {UserError} when they are not there, and nobody can build them
 */
export async function makeImages(subject: ImageSubject): Promise<Made> {
  const { app, appFile, build, parent, name } = subject;
  const plan = await planImages(app, { projectFolder: process.cwd(), subject: appFile });
  for (const warning of plan.warnings) void pulumi.log.warn(`${appFile}: ${warning}`, parent);
  const imageRefs = { base: plan.base.imageRef, golden: plan.golden.imageRef };
  const urns = await urnsOf(name, parent);
  const held = await heldImage(urns, imageRefs.golden);
  const sources = stackLoginSources(parseImageRef(imageRefs.golden).registry);
  const registry = openRegistry(sources);
  const decide = () =>
    decideImages(imageRefs, build.backend ?? "auto", held, {
      digest: (imageRef) => registry.digest(imageRef),
      // Pulumi's Docker provider has no other environment: it reads no file.
      dockerTrouble: () => dockerTroubleOf(process.env),
      githubTrouble: () => githubTroubleOf(sources.env),
      warn: (message) => void pulumi.log.warn(message, parent),
    });
  const workflow = build.keepWorkflow === true ? await keepWorkflow(subject, imageRefs.golden, sources) : [];
  const declareAs = (decision: ImageDecision, existing?: Making["dockerImage"]) =>
    declare(subject, { plan, urns, sources, registry, decision, existing, workflow });

  const decision = await decide();
  if (!decision.asDockerImage || held.asDockerImage) return declareAs(decision);
  const making = imagesInMaking();
  const other = making.get(imageRefs.golden);
  if (other !== undefined) {
    const { dockerImage } = await other;
    return declareAs(dockerImage === undefined ? await decide() : madeByAnother, dockerImage);
  }
  // While the lock was waited for, the image may have been built.
  const made = withImageLock(imageRefs.golden, async () => declareAs(await decide()));
  making.set(imageRefs.golden, made);
  return made;
}

const madeByAnother: ImageDecision = { asDockerImage: false, base: idleImage, golden: idleImage };

interface Declaration {
  plan: ImagePlan;
  urns: Urns;
  sources: LoginSources;
  registry: Registry;
  decision: ImageDecision;
  /** Of another endpoint in this program. */
  existing: Making["dockerImage"];
  /** What GitHub Actions needs to build. */
  workflow: pulumi.Resource[];
}

async function declare(
  { name, build, parent, podHasLogin }: ImageSubject,
  { plan, urns, sources, registry, decision, existing, workflow }: Declaration,
): Promise<Made> {
  const paces = { timeoutSeconds: build.timeoutSeconds ?? 1800, pollSeconds: build.pollSeconds ?? 15 };
  const loginRegistry = parseImageRef(plan.golden.imageRef).registry;
  const base = new GoldenImage(
    `${name}-base-image`,
    { ...sourceOf("base", plan.base), ...decision.base, ...paces, loginRegistry, ownUrn: urns.base, rebuildUrns: [] },
    { parent, dependsOn: workflow },
  );
  const dockerImage = decision.asDockerImage
    ? await declareDockerImage(`${name}-build`, plan.golden, sources, { parent, dependsOn: base })
    : existing;
  const golden: GoldenImageArgs = {
    ...sourceOf("golden", plan.golden),
    ...decision.golden,
    ...paces,
    loginRegistry,
    ownUrn: urns.golden,
    rebuildUrns: [],
  };
  const { pinnedRef } = new GoldenImage(
    `${name}-image`,
    dockerImage === undefined
      ? golden
      : { ...golden, builtDigest: dockerImage.repoDigest, rebuildUrns: [urns.base, dockerImage.urn] },
    { parent, dependsOn: base },
  );
  // An image that is not there yet tells nothing: this is asked once it is known.
  const warned = pinnedRef.apply(async (imageRef) => {
    const problem = podHasLogin ? undefined : await pullProblem(plan.golden.imageRef, registry);
    if (problem !== undefined) await pulumi.log.warn(problem, parent);
    return imageRef;
  });
  return { dockerImage, imageRef: warned, baseImageRef: plan.base.imageRef };
}

async function keepWorkflow(
  { name, parent }: ImageSubject,
  imageRef: string,
  sources: LoginSources,
): Promise<pulumi.Resource[]> {
  const { keepImageWorkflow } = await import("./image-workflow.ts");
  const { registry } = parseImageRef(imageRef);
  // GitHub's own registry takes the token of the run.
  const login = registry === "ghcr.io" ? undefined : givenLogin(registry, sources);
  return keepImageWorkflow(name, { env: sources.env, registry: login }, parent);
}

async function urnsOf(name: string, parent: pulumi.Resource): Promise<Urns> {
  const goldenImage = "pulumi-nodejs:dynamic/comfy-endpoints:GoldenImage";
  const urns = pulumi.all({
    base: pulumi.createUrn(`${name}-base-image`, goldenImage, parent),
    golden: pulumi.createUrn(`${name}-image`, goldenImage, parent),
    dockerImage: pulumi.createUrn(`${name}-build`, dockerImageType, parent),
  });
  return new Promise((resolve) => {
    urns.apply((known) => resolve(known as unknown as Urns));
  });
}

async function heldImage({ golden, dockerImage }: Urns, imageRef: string): Promise<HeldImage> {
  const held = await heldResources();
  const { imageRef: former, digest } = held[golden] ?? {};
  return {
    asDockerImage: held[dockerImage]?.["imageName"] === imageRef,
    digest: former === imageRef && typeof digest === "string" ? digest : undefined,
  };
}
