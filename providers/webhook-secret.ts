import * as pulumi from "@pulumi/pulumi";

interface Inputs {
  rotation?: string;
}

class WebhookSecretProvider
  implements pulumi.dynamic.ResourceProvider<Inputs, Inputs & { secret: string; all: string }>
{
  diff(_id: string, olds: Inputs, news: Inputs) {
    return Promise.resolve({ changes: olds.rotation !== news.rotation });
  }
  async create(inputs: Inputs) {
    const { randomBytes } = await import("node:crypto");
    const secret = `whsec_${randomBytes(32).toString("base64")}`;
    return { id: randomBytes(8).toString("hex"), outs: { ...inputs, secret, all: secret } };
  }
  async update(_id: string, olds: { secret: string }, news: Inputs) {
    const { outs } = await this.create(news);
    return { outs: { ...outs, all: `${outs.secret} ${olds.secret}` } };
  }
}

const provider = new WebhookSecretProvider();

/** A random secret of 32 bytes as Standard Webhooks writes it, kept encrypted in state. A rotation keeps the former one beside it. */
export class WebhookSecret extends pulumi.dynamic.Resource {
  /** The latest: `whsec_` and base64. Secret. */
  declare public readonly secret: pulumi.Output<string>;
  /** The latest and, once it was rotated, the one before, with a blank between: what to sign with. Secret. */
  declare public readonly all: pulumi.Output<string>;

  /** @param rotation any new text makes a new secret */
  constructor(name: string, rotation: pulumi.Input<string | undefined>, options?: pulumi.CustomResourceOptions) {
    super(
      provider,
      name,
      { rotation, secret: undefined, all: undefined },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ["secret", "all"] }),
      "comfy-endpoints",
      "WebhookSecret",
    );
  }
}
