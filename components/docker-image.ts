import { join } from "node:path";
import type { Image } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { stageContext } from "../providers/image/context/staging.ts";
import { platform } from "../providers/image/docker/docker-build.ts";
import { parseImageRef } from "../providers/image/image-ref.ts";
import { stagingFolder } from "../providers/image/lifecycle/build.ts";
import { lockImage } from "../providers/image/lifecycle/lock.ts";
import type { PlannedImage } from "../providers/image/plan/plan.ts";
import { givenLogin, type LoginSources } from "../providers/image/registry/login.ts";
import { optionalPackage } from "./optional-package.ts";
import { perStack } from "./per-stack.ts";

export const dockerImageType = "docker:index/image:Image";

/**
 * The image as a resource of Pulumi's own Docker provider, which builds it from a staged copy of its files and pushes it. Its
 * inputs are the same on every machine, so that nothing is built twice.
 */
export async function declareDockerImage(
  name: string,
  image: PlannedImage,
  sources: LoginSources,
  options: pulumi.CustomResourceOptions,
): Promise<Image> {
  const docker = await optionalPackage(
    "@pulumi/docker",
    `${image.imageRef} is built with Docker by the package`,
    () => import("@pulumi/docker"),
  );
  const { registry } = parseImageRef(image.imageRef);
  const { context, dockerfile } = await stageContext(image, join(process.cwd(), stagingFolder));
  const login = givenLogin(registry, sources);
  return new docker.Image(
    name,
    {
      imageName: image.imageRef,
      build: { context, dockerfile, args: { ...image.buildArgs }, platform },
      registry: {
        server: registry,
        ...(login !== undefined && { username: login.username, password: pulumi.secret(login.password) }),
      },
    },
    options,
  );
}

/** A golden image on its way. */
export interface Making {
  /** Undefined when it was there after all. */
  dockerImage: Image | undefined;
}

/** The images that this run of the program makes: one program may want the same image for several endpoints. */
export const imagesInMaking = perStack(() => new Map<string, Promise<Making>>());

/** Keeps other deployments on this machine from building the same image, until this one has. */
export async function withImageLock<T extends Making>(imageRef: string, make: () => Promise<T>): Promise<T> {
  // Nothing is built at preview.
  if (pulumi.runtime.isDryRun()) return make();
  const onWait = () => void pulumi.log.info(`another deployment on this machine builds ${imageRef}; it is waited for`);
  const unlock = await lockImage(imageRef, { onWait });
  const made = await make().catch((error: unknown) => {
    unlock();
    throw error;
  });
  if (made.dockerImage === undefined) unlock();
  else made.dockerImage.repoDigest.apply(unlock);
  return made;
}
