import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { writeApp } from "../../support/app-folder.ts";
import { appDocument } from "../../support/apps.ts";
import { commitAll, git } from "../../support/git-repository.ts";
import { type LocalAccount, startLocalAccount } from "../../support/local-account.ts";
import { createStackOf, type TestStack } from "../../support/stack.ts";
import { type Docker, startDocker } from "./docker.ts";
import { dockerPlugin } from "./docker-plugin.ts";
import { type DockerRegistry, startDockerRegistry } from "./docker-registry.ts";
import { type DockerSwitch, dockerSwitch } from "./docker-switch.ts";

const root = join(import.meta.dirname, "../../..");

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
  account: LocalAccount;
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
  /** Tags of a repository in the registry. */
  tags: (repository: string) => Promise<string[]>;
  close: () => Promise<void>;
}

/** @throws {NoTool} where Docker or its registry are missing */
export async function startImageWorld(): Promise<ImageWorld> {
  const started: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of started.splice(0).reverse()) await stop();
  };
  try {
    const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-images-"));
    started.push(() => rm(folder, { recursive: true, force: true }));
    const docker = await startDocker();
    started.push(() => docker.stop());
    const registry = await startDockerRegistry();
    started.push(registry.stop);
    const account = await startLocalAccount();
    started.push(() => account.close());
    return { ...makeWorld({ folder, docker, registry, account }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function makeWorld(parts: Pick<ImageWorld, "folder" | "docker" | "registry" | "account">): Omit<ImageWorld, "close"> {
  const { folder, docker, registry, account } = parts;
  const power = dockerSwitch(docker, folder);
  const env = { ...account.env, ...power.env, COMFY_ENDPOINTS_IMAGE_BUILD_POLL_SECONDS: "1" };
  const copy = copyProject(join(folder, "copy"));
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
      symlinkSync(join(root, "node_modules"), join(target, "node_modules"));
      return target;
    },
    stack: async (program) => {
      const stack = await createProgramStack(folder, join(program, "index.ts"), env);
      await stack.pulumi("config", "set", "comfy-endpoints:app", app);
      return stack;
    },
    news: eventsOf(docker, registry.host),
    tags: async (repository) => {
      const answer = await fetch(`http://${registry.host}/v2/${repository}/tags/list`);
      return answer.ok ? (((await answer.json()) as { tags: string[] | null }).tags ?? []).sort() : [];
    },
  };
}

let changes = 0;

/** Changes the base's Dockerfile, and so both images, and commits it. */
export function changeBase(copy: string): void {
  appendFileSync(join(copy, "docker/Dockerfile.comfybase"), `LABEL change="${++changes}"\n`);
  git(copy, "commit", "-q", "--all", "-m", "another base");
}

/** What git would clone, as it is now. */
function copyProject(target: string): string {
  const listed = execFileSync("git", ["-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
    maxBuffer: 16 * 1024 ** 2,
  });
  const unused = /^(?:test|bench|docs|examples|apps)\//;
  for (const path of listed.split("\0").filter((name) => name !== "" && !unused.test(name))) {
    // Git may still list what is deleted.
    if (!existsSync(join(root, path))) continue;
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(root, path), join(target, path));
  }
  for (const [path, content] of Object.entries(dockerfiles)) writeFileSync(join(target, path), content);
  git(target, "init", "-q", "-b", "main");
  commitAll(target);
  symlinkSync(join(root, "node_modules"), join(target, "node_modules"));
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
