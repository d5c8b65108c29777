import type { App } from "../../../contract/app.ts";
import type { Problem } from "../../../contract/errors.ts";
import { holdsLogin, repositoryName } from "../../../contract/nodes/repository.ts";

export type Plugin = App["build"]["plugins"][number];

/** A plugin and its place in `build.plugins`. */
export interface PlacedPlugin extends Plugin {
  at: number;
}

export interface Plugins {
  /** ComfyUI itself; undefined when the app leaves that to the Dockerfile. */
  comfyui: PlacedPlugin | undefined;
  /** Packs of nodes, in the order they are installed in. */
  packs: PlacedPlugin[];
  problems: Problem[];
}

/** Tells ComfyUI from packs of nodes, which may be called ComfyUI-Something. */
export function readPlugins(plugins: readonly Plugin[]): Plugins {
  const placed = plugins.map((plugin, at): PlacedPlugin => ({ ...plugin, at }));
  const [comfyui, ...more] = placed.filter(({ repo }) => nameOf(repo) === "comfyui");
  const others = more.map(({ repo, at }): Problem => {
    const message = `is "${repo}", ComfyUI itself, as build.plugins[${comfyui?.at ?? 0}] is; name it once`;
    return { path: `build.plugins[${at}].repo`, message };
  });
  const logins = placed
    .filter(({ repo }) => holdsLogin(repo))
    .map(({ at }): Problem => {
      const message = "holds a login, which whoever has the image could read; give a repository that is open";
      return { path: `build.plugins[${at}].repo`, message };
    });
  const packs = placed.filter(({ repo }) => nameOf(repo) !== "comfyui");
  return { comfyui, packs, problems: [...others, ...logins] };
}

const nameOf = (repo: string): string => repositoryName(repo).toLowerCase();
