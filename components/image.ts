import * as pulumi from "@pulumi/pulumi";
import type { App } from "../contract/app.ts";
import type { BackendWish } from "../providers/image/backend.ts";
import { parseImageRef } from "../providers/image/image-ref.ts";
import { repositoriesOf } from "../providers/image/plan/naming.ts";
import { givenLogin } from "../providers/image/registry/login.ts";
import { stackLoginSources } from "./login-sources.ts";
import { asRunError } from "./run-error.ts";

/** How images are built that no registry has. */
export interface ImageBuildArgs {
  /**
   * Who builds: `local` with Docker on this machine, `github_actions` with the workflow of the repository that
   * `GITHUB_REPOSITORY` names, `prebuilt` nobody, `auto` the first of them that can.
   * @default "auto"
   */
  backend?: BackendWish | undefined;
  /** How long the registry may take to show an image that was built, in seconds. @default 1800 */
  timeoutSeconds?: number | undefined;
  /** Time between two looks, in seconds. @default 15 */
  pollSeconds?: number | undefined;
  /**
   * Whether the workflow that builds with GitHub Actions is kept in that repository, as a resource of the stack, with the
   * secrets it needs. A workflow that is there otherwise is as good.
   * @default false
   */
  keepWorkflow?: boolean | undefined;
}

/** What an app's images are made for. */
export interface ImageSubject {
  /** Name of the endpoint, which begins the resources' names. */
  name: string;
  app: App;
  /** Path of app.json, for messages. */
  appFile: string;
  build: ImageBuildArgs;
  /** Whether the pod is given a login to pull the image with. */
  podHasLogin: boolean;
  parent: pulumi.Resource;
}

/** The image that the pod runs. */
export interface EndpointImage {
  imageRef: pulumi.Output<string>;
  /** The image below it; null when the app names its image. */
  baseImageRef: pulumi.Output<string | null>;
}

/** The image that the app names, else the one made of its files: found in the registry, or built. */
export function endpointImage(subject: ImageSubject): EndpointImage {
  const existing = subject.app.build.image_ref;
  if (existing !== undefined) return { imageRef: pulumi.output(existing), baseImageRef: pulumi.output(null) };
  const images = pulumi.output(madeImage(subject));
  return { imageRef: images.imageRef, baseImageRef: images.baseImageRef };
}

/** Whoever names an image does not wait for all of this to be loaded. */
async function madeImage(subject: ImageSubject): Promise<{ imageRef: pulumi.Output<string>; baseImageRef: string }> {
  try {
    const { makeImages } = await import("./made-image.ts");
    return await makeImages(subject);
  } catch (error) {
    throw asRunError(error);
  }
}

/** Who pulls the image: whom the program names, else who pushes it, unless that is left to Docker's own login. */
export function pullLogin<T extends { username: pulumi.Input<string>; password: pulumi.Input<string> }>(
  { build }: App,
  given: T | undefined,
): T | { username: string; password: string } | undefined {
  if (given !== undefined) return given;
  try {
    const { registry } = parseImageRef(build.image_ref ?? repositoriesOf(build).golden);
    const login = givenLogin(registry, stackLoginSources(registry));
    return login && { username: login.username, password: login.password };
  } catch (error) {
    throw asRunError(error);
  }
}
