import type { Docker } from "./docker.ts";

/** A container of the golden image, run as RunPod runs it. */
export interface PodContainer {
  id: string;
  /** What it publishes, from this machine. */
  url: string;
  /** Runs a command in it; answers what it printed. */
  exec(...command: string[]): Promise<string>;
  inspect(template: string): Promise<string>;
}

/**
 * @param cache a folder of this machine, mounted as the pod's volume
 * @param network of Docker's, where the pod finds others by name
 */
export async function startPod(
  { run }: Pick<Docker, "run">,
  image: string,
  { env, cache, network }: { env: Record<string, string>; cache: string; network: string },
): Promise<PodContainer> {
  const variables = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const place = ["--network", network, "--publish", "127.0.0.1::8080", "--volume", `${cache}:/cache`];
  const id = await run("run", "--detach", ...place, ...variables, image);
  return {
    id,
    url: `http://${await run("port", id, "8080/tcp")}`,
    exec: (...command) => run("exec", id, ...command),
    inspect: (template) => run("inspect", "--format", template, id),
  };
}
