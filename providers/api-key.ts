import * as pulumi from "@pulumi/pulumi";

class ApiKeyProvider implements pulumi.dynamic.ResourceProvider {
  diff(_id: string, olds: { rotation?: string }, news: { rotation?: string }) {
    const changes = olds.rotation !== news.rotation;
    return Promise.resolve({ changes, replaces: changes ? ["rotation"] : [] });
  }
  async create(inputs: object) {
    const { randomBytes } = await import("node:crypto");
    return { id: randomBytes(8).toString("hex"), outs: { ...inputs, key: randomBytes(32).toString("base64url") } };
  }
}

const provider = new ApiKeyProvider();

/** A random key of 32 bytes, kept encrypted in state. */
export class ApiKey extends pulumi.dynamic.Resource {
  /** Secret. */
  declare public readonly key: pulumi.Output<string>;

  /** @param rotation any new text makes a new key */
  constructor(name: string, rotation: pulumi.Input<string | undefined>, options?: pulumi.CustomResourceOptions) {
    super(
      provider,
      name,
      { rotation, key: undefined },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ["key"] }),
      "comfy-endpoints",
      "ApiKey",
    );
  }
}
