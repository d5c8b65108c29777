import { appendFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { writeApp } from "../../support/app-folder.ts";
import { appDocument } from "../../support/apps.ts";
import { git, makeRepository } from "../../support/git-repository.ts";
import { type StartedRunPod, startLocalRunPod } from "../../support/local-runpod.ts";
import { createStackOf, type TestStack } from "../../support/stack.ts";
import { copyProject, linkModules } from "../../support/working-copy.ts";
import { type Docker, startDocker } from "./docker.ts";
import { dockerPlugin } from "./docker-plugin.ts";
import { type DockerRegistry, startDockerRegistry } from "./docker-registry.ts";
import { type DockerSwitch, dockerSwitch } from "./docker-switch.ts";

/** Images of a few bytes in the places of the real ones, of the same files. */
const dockerfiles = {
  "docker/Dockerfile.comfybase": 'FROM scratch\nLABEL of="the base"\n',
  "docker/Dockerfile.golden": [
    ...["ARG BASE_IMAGE", "FROM ${BASE_IMAGE}", "ARG COMFY_PLUGINS_JSON=[]", "COPY contract /contract"],
    ...["COPY docker /docker", "COPY gateway /gateway", "COPY providers /providers", ""],
  ].join("\n"),
};

/** What Docker did with an image. */
export interface ImageEvent {
  action: "tag" | "push";
  /** Without the registry. */
  image: string;
}

/** What a user has who deploys an app that no image is named in: this project, Docker, a registry and RunPod. */
export interface ImageWorld {
  /** All that is written lies below. */
  folder: string;
  docker: Docker;
  power: DockerSwitch;
  registry: DockerRegistry;
  runpod: StartedRunPod;
  env: Record<string, string>;
  /** A working copy of this project, a git repository with its own small Dockerfiles. */
  copy: string;
  app: string;
  /** Another clone of the copy as it was committed. */
  clone: (name: string) => string;
  /** A new stack of a copy's program. */
  stack: (program: string) => Promise<TestStack>;
  /** What Docker has built and pushed since this was last asked, in order. */
  news: () => Promise<ImageEvent[]>;
  close: () => Promise<void>;
}

/**
 * @param auth what the registry demands, as it is started with; nothing unless set
 * @throws {NoTool} where Docker or its registry are missing
 */
export async function startImageWorld(auth?: "htpasswd"): Promise<ImageWorld> {
  const started: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of started.splice(0).reverse()) await stop();
  };
  try {
    const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-images-"));
    started.push(() => rm(folder, { recursive: true, force: true }));
    const docker = await startDocker();
    started.push(() => docker.stop());
    const registry = await startDockerRegistry(auth);
    started.push(registry.stop);
    const runpod = await startLocalRunPod();
    started.push(runpod.close);
    return { ...makeWorld({ folder, docker, registry, runpod }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function makeWorld(parts: Pick<ImageWorld, "folder" | "docker" | "registry" | "runpod">): Omit<ImageWorld, "close"> {
  const { folder, docker, registry, runpod } = parts;
  const power = dockerSwitch(docker, folder);
  const env = { ...runpod.env, ...power.env, COMFY_ENDPOINTS_IMAGE_BUILD_POLL_SECONDS: "1" };
  const copy = makeCopy(join(folder, "copy"));
  const repositories = {
    image_repository: `${registry.host}/me/golden`,
    base_image_repository: `${registry.host}/me/base`,
  };
  const app = writeApp(join(folder, "app"), { build: { ...appDocument.build, image_ref: undefined, ...repositories } });
  return {
    ...{ ...parts, power, env, copy, app },
    clone: (name) => {
      const target = join(folder, name);
      git(copy, "clone", "-q", copy, target);
      linkModules(target);
      return target;
    },
    stack: async (program) => {
      const stack = await createProgramStack(folder, join(program, "index.ts"), env);
      await stack.pulumi("config", "set", "comfy-endpoints:app", app);
      return stack;
    },
    news: eventsOf(docker, registry.host),
  };
}

let changes = 0;

/** Changes the base's Dockerfile, and so both images, and commits it. */
export function changeBase(copy: string): void {
  appendFileSync(join(copy, "docker/Dockerfile.comfybase"), `LABEL change="${++changes}"\n`);
  commitChanges(copy);
}

/** Has clones of a copy get what was changed in it; not what is linked into it. */
export function commitChanges(copy: string): void {
  git(copy, "commit", "-q", "--all", "--allow-empty", "-m", "a change");
}

/** This project, with the small images, as a git repository. */
function makeCopy(target: string): string {
  copyProject(target, /^(?:test|bench|docs|examples|apps)\//);
  makeRepository(target, dockerfiles);
  linkModules(target);
  return target;
}

async function createProgramStack(parent: string, program: string, env: Record<string, string>): Promise<TestStack> {
  const folder = mkdtempSync(join(parent, "stack-"));
  const runtime = "runtime: {name: nodejs, options: {typescript: false}}";
  const main = `name: comfy-endpoints\nmain: ${relative(folder, program)}\n${runtime}\n`;
  writeFileSync(join(folder, "Pulumi.yaml"), main + dockerPlugin(folder));
  return createStackOf(folder, env);
}

function eventsOf(docker: Docker, host: string): ImageWorld["news"] {
  const now = (): string => (Date.now() / 1000).toFixed(3);
  let since = now();
  return async () => {
    const until = now();
    const filters = ["--filter", "type=image", "--filter", "event=tag", "--filter", "event=push"];
    const format = ["--format", "{{.Action}} {{.Actor.Attributes.name}} {{.Actor.ID}}"];
    const said = await docker.run("events", "--since", since, "--until", until, ...filters, ...format);
    since = until;
    return said.split("\n").flatMap((line) => {
      const [action, name = "", id = ""] = line.split(" ");
      const image = [name, id].find((text) => text.startsWith(`${host}/`) && /:[^/]+$/.test(text.slice(host.length)));
      return image === undefined
        ? []
        : [{ action: action as ImageEvent["action"], image: image.slice(host.length + 1) }];
    });
  };
}
