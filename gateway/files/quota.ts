import { createLocks } from "./locks.ts";
import type { StoredBlob } from "./rows.ts";
import { NoRoom } from "./store.ts";

export interface QuotaOptions {
  /** null: all there is. */
  quotaBytes: number | null;
  storedBytes: () => number;
  /** What could go, in the order in which it should. */
  removable: (besides: string) => StoredBlob[];
  isStored: (sha256: string) => boolean;
  remove: (sha256: string) => Promise<void>;
  /** Told when outputs take more than the quota. */
  overfull: (bytes: number) => void;
}

/** The space that one file is about to take. */
export interface Space {
  /**
   * More of it came in.
   * @throws {NoRoom} when it cannot fit, whatever goes
   */
  arrives: (bytes: number) => void;
  /**
   * It is whole: older files make room for it.
   * @throws {NoRoom} when they cannot
   */
  claim(sha256: string): Promise<void>;
  /** It is stored, or given up. */
  release(): void;
}

/** Keeps files within their space. Uploads that do not fit are refused; outputs, which have cost a GPU's time, never are. */
export interface Quota {
  reserve(isRefusable: boolean): Space;
  /** Makes room where too much is taken already. */
  enforce(): Promise<void>;
}

export function createQuota(options: QuotaOptions): Quota {
  const { quotaBytes, storedBytes, removable, isStored, remove, overfull } = options;
  const locked = createLocks();
  // What is on its way, and what has its place but no row yet.
  let arriving = 0;
  let claimed = 0;

  const makeRoom = async (bytes: number, sha256: string, quota: number, isRefusable: boolean): Promise<void> => {
    const missing = storedBytes() + claimed + bytes - quota;
    if (missing <= 0) return;
    const candidates = removable(sha256);
    const chosen = toFree(candidates, missing);
    if (chosen === undefined && isRefusable) throw noRoom(quota);
    for (const blob of chosen ?? candidates) await remove(blob.sha256);
    if (chosen === undefined) overfull(storedBytes() + claimed + bytes);
  };

  return {
    reserve: (isRefusable) => {
      let arrived = 0;
      let taken = 0;
      return {
        arrives: (bytes) => {
          arrived += bytes;
          arriving += bytes;
          if (quotaBytes !== null && isRefusable && arriving > quotaBytes) throw noRoom(quotaBytes);
        },
        claim: (sha256) =>
          locked("room", async () => {
            if (quotaBytes === null) return;
            const bytes = isStored(sha256) ? 0 : arrived;
            await makeRoom(bytes, sha256, quotaBytes, isRefusable);
            taken = bytes;
            claimed += bytes;
          }),
        release: () => {
          arriving -= arrived;
          claimed -= taken;
          arrived = 0;
          taken = 0;
        },
      };
    },
    enforce: () => locked("room", async () => (quotaBytes === null ? undefined : makeRoom(0, "", quotaBytes, false))),
  };
}

/** The first of them whose going frees that much; undefined when all together do not. */
export function toFree(candidates: readonly StoredBlob[], bytes: number): StoredBlob[] | undefined {
  let freed = 0;
  const chosen: StoredBlob[] = [];
  for (const blob of candidates) {
    if (freed >= bytes) break;
    freed += blob.sizeBytes;
    chosen.push(blob);
  }
  return freed >= bytes ? chosen : undefined;
}

const noRoom = (quota: number): NoRoom =>
  new NoRoom(`files may take ${quota} bytes, and too few of the others can go; delete some, or wait until they expire`);
