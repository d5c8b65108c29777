/**
 * Stands where the plugin of @pulumi/github 6.15.0 cannot be downloaded, for two of its resources: a test selects this folder
 * with `plugins.providers` in its Pulumi.yaml. It does what the plugin's documentation says, at the GitHub that it is told.
 */
import { createRequire } from "node:module";
import { isDeepStrictEqual } from "node:util";
import { main } from "@pulumi/pulumi/provider/index.js";
import { plain } from "../docker-provider/inputs.ts";
import { resources } from "./resources.ts";
import { type GitHubConfig, type Send, sendTo } from "./rest.ts";

type Properties = Record<string, unknown>;

let config: GitHubConfig | undefined;

function resourceOf(urn: string) {
  const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
  const resource = resources[type];
  if (resource === undefined) throw new Error(`this stands in for ${Object.keys(resources).join(" and ")} only`);
  return resource;
}

function senderOf(properties: Properties): Send {
  if (config === undefined) throw new Error("the provider has no owner, token and baseUrl");
  return sendTo(config, String(properties["repository"]));
}

const provider = {
  version: "6.15.0",
  check: (_urn: string, _olds: Properties, inputs: Properties) => Promise.resolve({ inputs }),
  diff: (_id: string, urn: string, olds: Properties, news: Properties) => {
    const changed = Object.keys(news).filter((name) => !isDeepStrictEqual(plain(olds[name]), plain(news[name])));
    return Promise.resolve({
      changes: changed.length > 0,
      replaces: changed.filter((name) => resourceOf(urn).replaces.includes(name)),
    });
  },
  create: (urn: string, inputs: Properties) => resourceOf(urn).put(inputs, senderOf(inputs), true),
  update: (_id: string, urn: string, _olds: Properties, news: Properties) =>
    resourceOf(urn).put(news, senderOf(news), false),
  read: (id: string, _urn: string, props?: Properties) => Promise.resolve({ id, props: props ?? {} }),
  delete: (_id: string, urn: string, properties: Properties) =>
    resourceOf(urn).remove(properties, senderOf(properties)),
};

interface ConfigureCall {
  request: { getArgs(): { toJavaScript(): Properties } | undefined };
}

type Handler = (call: unknown, answer: (error: Error | undefined, value?: unknown) => void) => void;

/** Pulumi's server of providers keeps to itself how it is configured. */
function seeConfiguration(): void {
  const grpc = createRequire(import.meta.resolve("@pulumi/pulumi"))("@grpc/grpc-js") as {
    Server: {
      prototype: { addService: (this: unknown, definition: object, handlers: Record<string, Handler>) => void };
    };
  };
  const { prototype } = grpc.Server;
  const add = prototype.addService;
  prototype.addService = function (definition, handlers) {
    const configure: Handler = (call, answer) => {
      const given = plain((call as ConfigureCall).request.getArgs()?.toJavaScript()) as Partial<GitHubConfig>;
      // [source] As its schema has it.
      const { owner, token = process.env["GITHUB_TOKEN"], baseUrl } = given;
      if (owner !== undefined && token !== undefined && baseUrl !== undefined) config = { owner, token, baseUrl };
      handlers["configure"]?.(call, answer);
    };
    add.call(this, definition, Object.create(handlers, { configure: { value: configure } }) as typeof handlers);
  };
}

seeConfiguration();
await main(provider, process.argv.slice(2));
