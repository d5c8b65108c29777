/**
 * Stands where the plugin of @pulumi/docker 5.2.0 cannot be downloaded, for `docker.Image`: a test selects this folder with
 * `plugins.providers` in its Pulumi.yaml. Images are built and pushed by the docker command. What it does is what the plugin
 * does: [source] in its source, github.com/pulumi/pulumi-docker; [measured] by running it.
 */
import { createRequire } from "node:module";
import { main } from "@pulumi/pulumi/provider/index.js";
import { contextDigest } from "./context-digest.ts";
import { findDaemon } from "./daemon.ts";
import { buildAndPush } from "./image.ts";
import { type ImageInputs, imageDiff, imageInputs, plain, secret } from "./inputs.ts";

type Properties = Record<string, unknown>;

const imageType = "docker:index/image:Image";

function assertImage(urn: string): void {
  if (urn.split("::")[2]?.split("$").at(-1) !== imageType)
    throw new Error(`${urn}: this stands in for ${imageType} only`);
}

/** [source] The inputs as the program gave them, and the digest of what is built. */
function check(urn: string, _olds: Properties, news: Properties) {
  assertImage(urn);
  const { build } = imageInputs(news);
  const given = news["build"] as Properties | undefined;
  return Promise.resolve({ inputs: { ...news, build: { ...given, contextDigest: contextDigest(build) } } });
}

/** [source] Old inputs are kept among the outputs. Nothing replaces an image. */
function diff(_id: string, _urn: string, olds: Properties, news: Properties) {
  const before = plain(olds["__inputs"]);
  return Promise.resolve({ changes: imageDiff(before as Properties, plain(news) as Properties), replaces: [] });
}

async function build(urn: string, news: Properties): Promise<{ inputs: ImageInputs; outs: Properties }> {
  assertImage(urn);
  const inputs = imageInputs(news);
  const outs = await buildAndPush(inputs, await findDaemon(process.env));
  // [measured] Secret as a whole, whatever is secret in it.
  return { inputs, outs: { ...outs, __inputs: secret(news) } };
}

const provider = {
  version: "5.2.0",
  check,
  diff,
  create: async (urn: string, news: Properties) => {
    const { inputs, outs } = await build(urn, news);
    return { id: inputs.imageName, outs };
  },
  // [measured] Builds and pushes again; the id stays.
  update: async (_id: string, urn: string, _olds: Properties, news: Properties) => ({
    outs: (await build(urn, news)).outs,
  }),
  // [source] Tells what it is told, whatever became of the image.
  read: (id: string, _urn: string, props?: Properties) => Promise.resolve({ id, props: props ?? {} }),
  // [source] Images stay, here and in the registry.
  delete: () => Promise.resolve(),
};

type Handler = (call: unknown, answer: (error: Error | undefined, value?: unknown) => void) => void;

/** Pulumi's server of providers configures them by itself, without asking; this one has something to say then. */
function beforeConfigure(assert: () => Promise<unknown>): void {
  const grpc = createRequire(import.meta.resolve("@pulumi/pulumi"))("@grpc/grpc-js") as {
    Server: {
      prototype: { addService: (this: object, definition: object, handlers: Record<string, Handler>) => void };
    };
  };
  const { prototype } = grpc.Server;
  const add = prototype.addService;
  prototype.addService = function (definition, handlers) {
    const configure: Handler = (call, answer) => {
      assert().then(() => handlers["configure"]?.(call, answer), answer);
    };
    add.call(this, definition, Object.create(handlers, { configure: { value: configure } }) as typeof handlers);
  };
}

// [measured] Without a daemon nothing goes on: no preview, no up and no destroy, not even of a stack that only has an image
// in its state.
beforeConfigure(() => findDaemon(process.env));
await main(provider, process.argv.slice(2));
