import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";

/** Files that some process here has open, by their real paths; none where the system does not tell. */
export async function openFiles(): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const pids = (await namesIn("/proc")).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const folder = join("/proc", pid, "fd");
    for (const fd of await namesIn(folder)) {
      const path = await readlink(join(folder, fd)).catch(() => undefined);
      if (path?.startsWith("/") === true) found.add(path);
    }
  }
  return found;
}

/** A process may end, or be somebody else's. */
const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
