import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Docker } from "./docker.ts";

/** A Docker engine as its users have it, who may find it gone. */
export interface DockerSwitch {
  /** Variables with which programs reach it while it is on. */
  env: { DOCKER_HOST: string };
  on(): void;
  off(): void;
}

/** @param folder where its socket seems to be */
export function dockerSwitch({ env }: Docker, folder: string): DockerSwitch {
  const socket = (env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock").replace(/^unix:\/\//, "");
  const link = join(folder, "docker.sock");
  const off = (): void => rmSync(link, { force: true });
  const on = (): void => {
    off();
    symlinkSync(socket, link);
  };
  on();
  return { env: { DOCKER_HOST: `unix://${link}` }, on, off };
}
