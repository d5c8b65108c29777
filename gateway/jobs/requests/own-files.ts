import type { Response } from "express";
import type { FileRecord, FileStore } from "../../files/store.ts";
import { errorFields, type Log } from "../../log.ts";

/** The files that a request to run brings along or names. */
export interface OwnFiles {
  /** Fires when nobody waits for the answer any more. */
  gone: AbortSignal;
  /** A file that it names: it does not go before the answer. */
  hold(id: string): void;
  /** A file that it brought along: it goes with the request, unless a job has it then. */
  bring(file: FileRecord): void;
  /** A job has them all. */
  accept: () => void;
  /** There will be no job. */
  drop(): Promise<void>;
}

export function createOwnFiles(
  files: Pick<FileStore, "hold" | "remove">,
  response: Response,
  log: Pick<Log, "warn">,
): OwnFiles {
  const gone = new AbortController();
  const brought: FileRecord[] = [];
  const releases: (() => void)[] = [];
  let isAccepted = false;
  const hold = (id: string): void => {
    releases.push(files.hold(id));
  };
  const drop = async (): Promise<void> => {
    for (const release of releases.splice(0)) release();
    if (isAccepted) return;
    for (const { id } of brought.splice(0)) await files.remove(id);
  };
  response.once("close", () => {
    gone.abort();
    drop().catch((error: unknown) => log.warn("files of a refused run not removed", errorFields(error)));
  });
  return {
    gone: gone.signal,
    hold,
    bring: (file) => {
      brought.push(file);
      hold(file.id);
    },
    accept: () => {
      isAccepted = true;
    },
    drop,
  };
}
