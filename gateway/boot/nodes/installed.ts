import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { NodePack } from "../../../contract/nodes/packs.ts";

/** What docker/install_plugins.py records of a pack once it is there, packages and all. */
const recordSchema = z.object({
  commit: z.string(),
  /** SHA-256 of its requirements.txt in hex; null when it has none. */
  requirements: z.string().nullable(),
});

/**
 * Whether a pack was installed at that commit, and its requirements are those that were installed.
 * @param comfy ComfyUI's folder
 */
export async function isInstalled({ folder, ref }: NodePack, comfy: string): Promise<boolean> {
  try {
    const text = await readFile(join(comfy, "installed_nodes", `${folder}.json`), "utf8");
    const { commit, requirements } = recordSchema.parse(JSON.parse(text));
    const place = join(comfy, "custom_nodes", folder);
    if (commit !== ref || !(await stat(place)).isDirectory()) return false;
    return requirements === (await sha256(join(place, "requirements.txt")));
  } catch {
    // No record, or half of one: it is installed anew.
    return false;
  }
}

async function sha256(file: string): Promise<string | null> {
  try {
    return createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
