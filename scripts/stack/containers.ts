import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Stack, StackProblem, type StackSettings } from "./stack.ts";

const file = join(import.meta.dirname, "../../docker/docker-compose.stack.yml");

/** How compose is called here: Docker's plugin, or the older program of its own; undefined without a Docker engine. */
export function composeCommand(env: NodeJS.ProcessEnv): string[] | undefined {
  const works = ([program = "", ...args]: string[]): boolean => spawnSync(program, args, { env }).status === 0;
  if (!works(["docker", "version"])) return undefined;
  return [["docker", "compose"], ["docker-compose"]].find((command) => works([...command, "version"]));
}

/**
 * @param compose as `composeCommand` found it
 * @throws {StackProblem}
 */
export function startContainers(compose: readonly string[], { port, apiKey, env }: StackSettings): Stack {
  const [program = "", ...first] = compose;
  const run = (args: string[], stdio: "inherit" | "pipe") =>
    spawnSync(program, [...first, "--project-name", "comfy-endpoints-stack", "--file", file, ...args], {
      env: { ...env, COMFY_ENDPOINTS_PUBLIC_PORT: String(port), COMFY_ENDPOINTS_API_KEY: apiKey },
      encoding: "utf8",
      stdio: ["ignore", stdio, stdio],
    });
  const down = (): void => {
    run(["down", "--volumes", "--remove-orphans"], "pipe");
  };
  // What an interrupted run may have left.
  down();
  if (run(["up", "--build", "--detach"], "inherit").status !== 0) {
    down();
    throw new StackProblem(`${compose.join(" ")} could not start the stack; see above`);
  }
  return {
    // Compose does not tell; it shows in the logs.
    ended: new AbortController().signal,
    logs: () => run(["logs", "--no-color"], "pipe").stdout,
    stop: () => {
      down();
      return Promise.resolve();
    },
  };
}
