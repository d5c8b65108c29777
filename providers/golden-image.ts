import * as pulumi from "@pulumi/pulumi";
import type { Backend } from "./image/backend.ts";
import type { ImageKind } from "./image/plan/image-files.ts";
import type { ConfiguredLogin } from "./image/registry/login-sources.ts";

type Properties = Record<string, unknown>;

class GoldenImageProvider implements pulumi.dynamic.ResourceProvider {
  declare private login: ConfiguredLogin;

  // Set before anything is awaited: `destroy` and `refresh` call other hooks while configure still runs.
  async configure({ config }: pulumi.dynamic.ConfigureRequest): Promise<void> {
    this.login = {
      username: config.get("comfy-endpoints:registryUsername"),
      password: config.get("comfy-endpoints:registryPassword"),
    };
    (await import("comfy-endpoints/providers/runpod/compile-cache")).keepCompiled();
  }
  async diff(_id: string, olds: Properties, news: Properties) {
    return (await import("comfy-endpoints/providers/image/lifecycle/image-lifecycle")).diff(olds, news, this.login);
  }
  async create(inputs: Properties) {
    return (await import("comfy-endpoints/providers/image/lifecycle/image-lifecycle")).create(inputs, this.login);
  }
  async update(_id: string, _olds: Properties, news: Properties) {
    return (await import("comfy-endpoints/providers/image/lifecycle/image-lifecycle")).update(news, this.login);
  }
}

const provider = new GoldenImageProvider();

export interface GoldenImageArgs {
  /** `golden` is what pods run, `base` the image below it, with ComfyUI. */
  kind: ImageKind;
  /** `repository:tag`; the tag tells the content. */
  imageRef: string;
  /** The registry that the login of the stack's config is for: the golden image's, also where the base is in another. */
  loginRegistry: string;
  /** Who builds it when the registry has none; `none` for an image that a `docker.Image` builds, or nobody. */
  builder: Backend;
  /** Whether it has to be built now: the registry was asked, and has none. */
  missing: boolean;
  /** What the tag names, when the registry was asked already: `sha256:…`. */
  taggedDigest?: string | undefined;
  /** `repoDigest` of the `docker.Image` that builds it. */
  builtDigest?: pulumi.Input<string> | undefined;
  /** Relative to the program's folder. */
  dockerfile: string;
  /** Folder that it is built from, relative to the program's folder. */
  context: string;
  buildArgs: Record<string, string>;
  /** The resource's own, for messages. */
  ownUrn: string;
  /** What to replace to have a lost image built again, for messages. */
  rebuildUrns: pulumi.Input<string>[];
  /** How long the registry may take to show an image that was built, in seconds. */
  timeoutSeconds: number;
  /** Time between two looks, in seconds. */
  pollSeconds: number;
}

/** An image in a registry, named by the hash of what it is made of: found there, else built. It is never deleted. */
export class GoldenImage extends pulumi.dynamic.Resource {
  /** `sha256:…`; null for a base image that nobody needed, for the one above it was there. */
  declare public readonly digest: pulumi.Output<string | null>;
  /** `repository@sha256:…`: what the tag names later changes nothing. */
  declare public readonly pinnedRef: pulumi.Output<string>;

  constructor(name: string, args: GoldenImageArgs, options?: pulumi.CustomResourceOptions) {
    const inputs = { ...args, resourceName: name, digest: undefined, pinnedRef: undefined };
    super(provider, name, inputs, options, "comfy-endpoints", "GoldenImage");
  }
}
