import { stat } from "node:fs/promises";
import { shown } from "../../../contract/models/source.ts";
import type { NodePack } from "../../../contract/nodes/packs.ts";
import { isCommit } from "../../../contract/nodes/repository.ts";
import { BootFailure } from "../failure.ts";
import type { StepReport } from "../state.ts";
import { InstallError, type InstallOptions, installPack } from "./install.ts";
import { isInstalled } from "./installed.ts";

export interface NodesOptions extends InstallOptions {
  packs: readonly NodePack[];
}

/**
 * Every pack of nodes that the app declares is in ComfyUI's custom_nodes when this ends, at its commit, with its packages.
 * @throws {BootFailure} naming all that cannot be had
 */
export async function bringNodes(
  { packs, ...options }: NodesOptions,
  report: StepReport,
  abort: AbortSignal,
): Promise<void> {
  if (packs.length === 0) return;
  const { comfy, log } = options;
  if ((await stat(comfy).catch(() => undefined)) === undefined) {
    log.warn("no node packs are installed: there is no ComfyUI", { folder: comfy });
    return;
  }
  const unresolved: { pack: NodePack; error: InstallError }[] = [];
  for (const [done, pack] of packs.entries()) {
    report({ detail: pack.folder, progress: done / packs.length });
    if (await isInstalled(pack, comfy)) continue;
    try {
      if (!isCommit(pack.ref)) throw new InstallError(`its ref is "${pack.ref}", and no commit`, []);
      await installPack(pack, options, abort);
      log.info("node pack installed", { folder: pack.folder, commit: pack.ref });
    } catch (error) {
      if (!(error instanceof InstallError)) throw error;
      unresolved.push({ pack, error });
    }
  }
  if (unresolved.length > 0) throw nodesFailure(unresolved);
}

function nodesFailure(unresolved: readonly { pack: NodePack; error: InstallError }[]): BootFailure {
  const reasons = unresolved.map(({ pack, error }) => `${packName(pack)} cannot be installed: ${error.message}`);
  return new BootFailure(
    "custom_node_resolution",
    reasons.join("; "),
    'check its "source_url" and "ref", read more in the log (GET /logs), and deploy again',
    {
      cause: unresolved[0]?.error,
      details: {
        unresolved_custom_nodes: unresolved.map(({ pack, error }) => ({
          ...{ kind: "custom_node", source_url: shown(pack.repo), ref: pack.ref, folder: pack.folder },
          ...{ reason: "install_failed", error: error.message, output: error.lines },
        })),
      },
    },
  );
}

/** How messages call a pack. */
export const packName = ({ at, repo, ref }: NodePack): string =>
  `artifacts[${at}], ${shown(repo)} at ${isCommit(ref) ? ref.slice(0, 12) : ref}`;
