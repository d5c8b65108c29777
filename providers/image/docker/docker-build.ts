/** Builds images with the docker command, by whichever builder it has. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { UserError } from "../../../contract/errors.ts";
import { parseImageRef } from "../image-ref.ts";
import type { PlannedImage } from "../plan/plan.ts";
import { withDockerLogin } from "../registry/docker-config.ts";
import type { PasswordLogin } from "../registry/login.ts";

export interface DockerBuildOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** Told each step, a line each. */
  log: (line: string) => void;
  /** Who pushes; Docker uses its own login where this finds none. */
  login: (registry: string) => Promise<PasswordLogin | undefined>;
  /** Asked once it is built: what somebody else has pushed meanwhile stays. */
  isPushed: () => Promise<boolean>;
  /** Ends the build; its reason is shown. */
  signal: AbortSignal;
}

/** What pods are, wherever the image is built. */
export const platform = "linux/amd64";

/**
 * Builds an image for linux/amd64 from a staged context, and pushes it.
 * @throws {UserError} with the step that failed, and the last lines that Docker said
 */
export async function buildAndPush(
  { imageRef, dockerfile, context, buildArgs }: Pick<PlannedImage, "imageRef" | "dockerfile" | "context" | "buildArgs">,
  { env, log, login, isPushed, signal }: DockerBuildOptions,
): Promise<void> {
  const { registry } = parseImageRef(imageRef);
  await withDockerLogin(registry, await login(registry), env, async (dockerEnv) => {
    const run = dockerSteps(imageRef, { log, signal });
    const args = Object.entries(buildArgs).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]);
    const what = ["--platform", platform, "--file", dockerfile, "--tag", imageRef, ...args, context];
    log(`Docker builds ${imageRef}`);
    // The classic builder is part of every Docker; the other one is a plugin, which may keep what it builds to itself.
    const hasBuildx = env["DOCKER_BUILDKIT"] !== "0" && (await succeeds(["buildx", "version"], dockerEnv));
    if (hasBuildx) await run("build", ["buildx", "build", "--load", "--progress", "plain", ...what], dockerEnv);
    else await run("build", ["build", ...what], { ...dockerEnv, DOCKER_BUILDKIT: "0" });
    if (await isPushed()) {
      log(`${imageRef} was pushed by somebody else meanwhile, and stays as it is`);
      return;
    }
    log(`Docker pushes ${imageRef}`);
    await run("push", ["push", imageRef], dockerEnv);
  });
}

type Env = Readonly<Record<string, string | undefined>>;

const tailLines = 30;

/** `Step 2/7 : RUN …` of the classic builder, `#6 [2/7] RUN …` of BuildKit. */
const stepLine = /^(?:Step \d+\/\d+ : |#\d+ \[)/;
/** BuildKit repeats the step that failed: ` > [2/7] RUN …:` */
const failedStepLine = /^ > (\[.*):$/;

const dockerSteps =
  (imageRef: string, { log, signal }: Pick<DockerBuildOptions, "log" | "signal">) =>
  async (verb: "build" | "push", args: readonly string[], env: Env): Promise<void> => {
    const tail: string[] = [];
    let step: string | undefined;
    const { code, trouble } = await docker(args, env, signal, (line) => {
      tail.push(line);
      if (tail.length > tailLines) tail.shift();
      if (stepLine.test(line)) log((step = line));
      step = failedStepLine.exec(line)?.[1] ?? step;
    });
    if (code === 0) return;
    if (signal.aborted) throw new UserError(`the ${verb} of ${imageRef} was broken off: ${reasonOf(signal)}`);
    const where = verb === "build" && step !== undefined ? ` at "${step}"` : "";
    const said = [trouble ?? `docker ${verb} ended with ${code}`, ...tail.map((line) => `  ${line}`)];
    throw new UserError(`Docker did not ${verb} ${imageRef}: it failed${where}\n${said.join("\n")}`);
  };

async function docker(
  args: readonly string[],
  env: Env,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<{ code: number | string; trouble?: string }> {
  signal.throwIfAborted();
  const child = spawn("docker", args, { env, stdio: ["ignore", "pipe", "pipe"], signal, killSignal: "SIGINT" });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", onLine);
  return await new Promise((resolve) => {
    let trouble: string | undefined;
    child.once("error", (error) => {
      trouble = error.message;
      if (child.pid === undefined) resolve({ code: "nothing", trouble });
    });
    child.once("close", (code, ended) =>
      resolve({ code: code ?? ended ?? "nothing", ...(trouble !== undefined && { trouble }) }),
    );
  });
}

const succeeds = async (args: readonly string[], env: Env): Promise<boolean> =>
  (await docker(args, env, new AbortController().signal, () => undefined)).code === 0;

const reasonOf = ({ reason }: AbortSignal): string => (reason instanceof Error ? reason.message : String(reason));
