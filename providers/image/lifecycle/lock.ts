import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

const pollMs = 200;
/** SQLite's own code for a lock that somebody else holds. */
const busy = 5;

export interface LockOptions {
  /** Told once when another process holds the lock. */
  onWait: () => void;
  /** Ends the waiting. */
  signal?: AbortSignal;
  /** @default a folder of this user's */
  folder?: string;
}

/**
 * Waits until no other process of this user builds that image on this machine. The lock is SQLite's own on a file, which the
 * system takes away from a process that ends, however it does.
 * @returns gives the lock back
 */
export async function lockImage(imageRef: string, options: LockOptions): Promise<() => void> {
  const { onWait, signal, folder = join(tmpdir(), `comfy-endpoints-builds-${user()}`) } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const name = createHash("sha256").update(imageRef).digest("hex").slice(0, 32);
  const file = new DatabaseSync(join(folder, `${name}.lock`), { timeout: 0 });
  try {
    for (let told = false; !locked(file); told = true) {
      if (!told) onWait();
      await sleep(pollMs, undefined, { signal });
    }
  } catch (error) {
    file.close();
    throw error;
  }
  return () => {
    if (file.isOpen) file.close();
  };
}

// A user of a container need not have a name.
const user = (): number | string => process.getuid?.() ?? userInfo().username;

function locked(file: DatabaseSync): boolean {
  try {
    file.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === busy) return false;
    throw error;
  }
}
