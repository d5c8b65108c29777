import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  createWriteStream,
  existsSync,
  fsync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { copyFile, link, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { FileEmpty, FileTooLarge } from "./store.ts";

/** Bytes that were received, and belong to nobody yet. */
export interface Incoming {
  sizeBytes: number;
  /** Hex. */
  sha256: string;
  /** The bytes themselves while there are few; else where they lie for the time being. */
  bytes: Buffer | { path: string };
}

/** Bytes in a folder, each under its hash: what is equal is there once. No name here comes from a caller. */
export interface Blobs {
  /**
   * Takes bytes as they come, hashed on their way, and writes down what is large. What it answers must be kept or dropped.
   * @param onChunk told the size of each piece before it is taken; throws to stop
   */
  receive(bytes: AsyncIterable<Uint8Array>, maxBytes: number, onChunk: (size: number) => void): Promise<Incoming>;
  drop(incoming: Incoming): Promise<void>;
  /** Gives received bytes their place, durably. */
  keep(incoming: Incoming): Promise<void>;
  remove: (sha256: string) => Promise<void>;
  /** Absolute path of a blob; undefined when it is not there. */
  path(sha256: string): string | undefined;
  /** All that are there. */
  list(): string[];
  /** Puts a blob under a name with an extension into the folder of a job. Answers its path; undefined without a blob. */
  lend(sha256: string, jobId: string, name: string): Promise<string | undefined>;
  takeBack(jobId: string): Promise<void>;
  /** Jobs that have folders. */
  borrowers(): string[];
}

/** Where jobs find what they are lent, each in a folder of its own. */
export const lendingFolder = (folder: string): string => join(folder, "inputs");

export function createBlobs(folder: string): Blobs {
  const incomingFolder = join(folder, "incoming");
  const blobsFolder = join(folder, "blobs");
  const inputsFolder = lendingFolder(folder);
  // What a crash left half written belongs to nobody.
  rmSync(incomingFolder, { recursive: true, force: true });
  for (const each of [incomingFolder, blobsFolder, inputsFolder]) mkdirSync(each, { recursive: true });

  const placeOf = (sha256: string): string => join(blobsFolder, sha256.slice(0, 2), sha256);
  const pathOf = (sha256: string): string | undefined => {
    const path = placeOf(sha256);
    return existsSync(path) ? path : undefined;
  };

  const drop = async ({ bytes }: Incoming): Promise<void> => {
    if ("path" in bytes) await rm(bytes.path, { force: true });
  };

  const receive: Blobs["receive"] = async (bytes, maxBytes, onChunk) => {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    const measured = async function* (): AsyncGenerator<Uint8Array, void> {
      for await (const chunk of bytes) {
        sizeBytes += chunk.length;
        if (sizeBytes > maxBytes) throw new FileTooLarge(maxBytes);
        onChunk(chunk.length);
        hash.update(chunk);
        yield chunk;
      }
      if (sizeBytes === 0) throw new FileEmpty();
    };
    const received = (where: Incoming["bytes"]): Incoming => ({
      ...{ sizeBytes, bytes: where },
      sha256: hash.digest("hex"),
    });
    const source = measured();
    const start: Uint8Array[] = [];
    while (sizeBytes <= smallBytes) {
      const { value, done } = await source.next();
      if (done === true) return received(Buffer.concat(start));
      start.push(value);
    }
    const all = async function* (): AsyncGenerator<Uint8Array> {
      yield* start;
      yield* source;
    };
    const path = join(incomingFolder, randomUUID());
    try {
      await pipeline(all, createWriteStream(path, { flags: "wx", mode }));
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    return received({ path });
  };

  return {
    receive,
    drop,
    keep: async (incoming) => {
      const { bytes, sha256 } = incoming;
      const place = placeOf(sha256);
      if (existsSync(place)) {
        await drop(incoming);
        return;
      }
      const isNew = mkdirSync(dirname(place), { recursive: true }) !== undefined;
      if ("path" in bytes) renameSync(bytes.path, place);
      // A crash may leave half of it: no row names it then, and the next start removes it.
      else writeWhole(place, bytes);
      // Not before it has its name: so the journal is written once.
      await Promise.all([syncPath(place), syncPath(dirname(place)), isNew && syncPath(blobsFolder)]);
    },
    remove: (sha256) => rm(placeOf(sha256), { force: true }),
    path: pathOf,
    list: () =>
      readdirSync(blobsFolder, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name),
    lend: async (sha256, jobId, name) => {
      const blob = pathOf(sha256);
      if (blob === undefined) return undefined;
      const path = join(inputsFolder, jobId, name);
      await mkdir(dirname(path), { recursive: true });
      await sameFile(blob, path);
      return path;
    },
    takeBack: (jobId) => rm(join(inputsFolder, jobId), { recursive: true, force: true }),
    borrowers: () => readdirSync(inputsFolder),
  };
}

// Every step through the thread pool takes about as long as writing a small file does: only the disk is waited for.
const smallBytes = 64 * 1024;

const mode = 0o444;

function writeWhole(path: string, bytes: Buffer): void {
  try {
    writeFileSync(path, bytes, { flag: "wx", mode });
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

const sync = promisify(fsync);

/** The same bytes under another name; a copy where the file system knows no links. */
async function sameFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The job was here before, and fell with the gateway.
    if (code === "EEXIST") return;
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}

/** Brings a file's bytes to the disk, or the names in a folder: a rename is durable once its folder is. */
async function syncPath(path: string): Promise<void> {
  const file = openSync(path, "r");
  try {
    await sync(file);
  } finally {
    closeSync(file);
  }
}
