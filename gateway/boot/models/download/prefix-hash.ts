import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";

/** The SHA-256 of a file that fills up in any order, made while it does. */
export interface PrefixHash {
  /** Says how far the file is whole from its beginning. */
  advance(end: number): void;
  /** The hash of the bytes up to there, in hex; call it once. */
  digest(end: number): Promise<string>;
}

const pieceBytes = 1024 ** 2;

/** @param abort ends it: of a file that was begun before, there may be a minute of hashing left */
export function createPrefixHash(file: Pick<FileHandle, "read">, abort: AbortSignal): PrefixHash {
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafe(pieceBytes);
  let wanted = 0;
  let done = 0;
  let hashing: Promise<void> | undefined;

  const hashOn = async (): Promise<void> => {
    while (done < wanted) {
      abort.throwIfAborted();
      const { bytesRead } = await file.read(piece, 0, Math.min(pieceBytes, wanted - done), done);
      if (bytesRead === 0) throw new Error(`the file ends after ${done} bytes, before ${wanted}`);
      hash.update(piece.subarray(0, bytesRead));
      done += bytesRead;
    }
  };

  const advance = (end: number): void => {
    wanted = Math.max(wanted, end);
    if (hashing !== undefined || done >= wanted) return;
    hashing = hashOn().finally(() => {
      hashing = undefined;
    });
    // digest meets the same error again.
    hashing.catch(() => undefined);
  };

  return {
    advance,
    digest: async (end) => {
      wanted = Math.max(wanted, end);
      await hashing;
      await hashOn();
      return hash.digest("hex");
    },
  };
}
