/** What a run of the program makes of an app's images: found, built, and by whom. */
import { UserError } from "../../contract/errors.ts";
import { type Backend, type BackendWish, chooseBackend, missingImages } from "./backend.ts";

/** What is to become of one image. */
export interface ImageRole {
  /** Who would build it; `none` for an image that somebody else makes, or nobody needs. */
  builder: Backend;
  /** Whether it has to be built now. */
  missing: boolean;
  /** What the tag names, as far as that is known. */
  taggedDigest?: string | undefined;
}

export interface ImageDecision {
  /** Whether the golden image is a `docker.Image` of the stack, which Pulumi's own provider builds. */
  asDockerImage: boolean;
  base: ImageRole;
  golden: ImageRole;
}

/** What the stack has of the golden image, of exactly this name. */
export interface HeldImage {
  /** As a `docker.Image`: left out of the program, it would be deleted. */
  asDockerImage: boolean;
  /** Digest of the image that the pod runs, of whoever's making. */
  digest: string | undefined;
}

export interface Questions {
  /** @returns undefined when the registry has no such image. @throws {UserError} when it does not tell */
  digest: (imageRef: string) => Promise<string | undefined>;
  dockerTrouble: () => Promise<string | undefined>;
  githubTrouble: () => string | undefined;
  warn: (message: string) => void;
}

/** Of an image that is there, or that somebody else makes. */
export const idleImage: ImageRole = { builder: "none", missing: false };

/**
 * What exists is never built, whoever made it; what this stack has built stays part of it. Asks no more than it must.
 * @throws {UserError} when the registry does not tell, or has to have an image built that nobody here can build
 */
export async function decideImages(
  imageRefs: Readonly<Record<"base" | "golden", string>>,
  wish: BackendWish,
  held: HeldImage,
  questions: Questions,
): Promise<ImageDecision> {
  // The base is there for `up --replace`, which builds the golden image once more.
  if (held.asDockerImage) return { asDockerImage: true, base: { builder: "local", missing: false }, golden: idleImage };
  const golden = await lookUp(imageRefs.golden, held, questions);
  if (golden !== undefined)
    return { asDockerImage: false, base: idleImage, golden: { ...idleImage, taggedDigest: golden } };
  const baseDigest = await questions.digest(imageRefs.base);
  const missing = missingImages([
    { imageRef: imageRefs.base, digest: baseDigest },
    { imageRef: imageRefs.golden, digest: undefined },
  ]);
  const [dockerTrouble, githubTrouble] = [await questions.dockerTrouble(), questions.githubTrouble()];
  const builder = chooseBackend(wish, { missing, dockerTrouble, githubTrouble });
  return {
    asDockerImage: builder === "local",
    base: baseDigest === undefined ? { builder, missing: true } : { ...idleImage, taggedDigest: baseDigest },
    golden: builder === "local" ? idleImage : { builder, missing: true },
  };
}

/** A registry that does not tell is no reason to touch an image that runs. */
async function lookUp(imageRef: string, held: HeldImage, { digest, warn }: Questions): Promise<string | undefined> {
  try {
    return await digest(imageRef);
  } catch (error) {
    if (held.digest === undefined || !(error instanceof UserError)) throw error;
    warn(`${error.message}; the image of the last deployment stays`);
    return held.digest;
  }
}
