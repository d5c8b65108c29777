import { randomUUID } from "node:crypto";
import { open, readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** How far the holder of a lock is; others show it. */
export interface HolderProgress {
  bytes: number;
  size: number | null;
}

const noteSchema = z.object({
  holder: z.string(),
  pod: z.string(),
  host: z.string(),
  pid: z.int(),
  /** Counts on while the holder lives. */
  beat: z.int(),
  bytes: z.number(),
  size: z.number().nullable(),
});
type Note = z.output<typeof noteSchema>;

/** A process that takes locks. */
export type Holder = Pick<Note, "holder" | "pod" | "host" | "pid">;

/** @param pod its id; `local` for whatever runs outside RunPod */
export const thisProcess = (pod: string): Holder => ({
  ...{ holder: randomUUID(), pod, host: hostname() },
  pid: process.pid,
});

export interface LockOptions {
  /** Folder on the volume. */
  folder: string;
  name: string;
  me: Holder;
  /** Written into the lock, for others to see. */
  progress: () => HolderProgress;
  /** Called at each look while somebody else holds the lock. */
  onWait: (progress: HolderProgress) => void;
  beatMs?: number;
  /** A lock that stood still so long has lost its holder. */
  staleMs?: number;
}

export interface VolumeLock {
  /** Fires when somebody else took the lock: the holder was silent for too long. */
  lost: AbortSignal;
  /** Looks once more. @throws when the lock is lost */
  check(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes a lock that pods on one volume share; waits while another one holds it.
 *
 * Network volumes promise no flock, and their pods no common clock. A lock is a file `<name>.<generation>` that only one
 * can create, in which its holder counts; whoever waits looks at the count with a clock of its own. A lock that stood still
 * is not removed, for two might do that and the second remove the first one's new lock: it is outdone, by creating the next
 * generation. The highest generation holds. A holder that comes back to life finds its own file no longer there, and stops.
 */
export async function takeLock(options: LockOptions, abort: AbortSignal): Promise<VolumeLock> {
  const { folder, name, me, onWait, beatMs = 5000, staleMs = 60_000 } = options;
  let seen: { generation: number; beat: number; since: number } | undefined;
  for (;;) {
    abort.throwIfAborted();
    const generation = await highest(folder, name);
    const note = generation === 0 ? undefined : await readNote(pathOf(folder, name, generation));
    const beat = note?.beat ?? -1;
    if (seen?.generation !== generation || (note !== undefined && seen.beat !== beat)) {
      seen = { generation, beat, since: performance.now() };
    }
    const isFree =
      generation === 0 || performance.now() - seen.since >= staleMs || (note !== undefined && isDead(note, me));
    const lock = isFree ? await create(options, generation + 1, beatMs) : undefined;
    if (lock !== undefined) return lock;
    if (note !== undefined) onWait(note);
    await sleep(Math.min(beatMs, staleMs) / 2, undefined, { signal: abort });
  }
}

const pathOf = (folder: string, name: string, generation: number): string => join(folder, `${name}.${generation}`);

/** 0 when there is none. */
async function highest(folder: string, name: string): Promise<number> {
  const generations = (await readdir(folder)).map((file) => generationOf(file, name));
  return Math.max(0, ...generations);
}

function generationOf(file: string, name: string): number {
  const text = file.startsWith(`${name}.`) ? file.slice(name.length + 1) : "";
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0;
}

/** undefined for one that is gone, or being written just now. */
async function readNote(path: string): Promise<Note | undefined> {
  try {
    return noteSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}

/** Whether a holder was a process of this very pod that has ended: nobody needs to wait until its lock stood still. */
export function isDead(
  note: Pick<Note, "pod" | "host" | "pid">,
  me: Holder,
  runs: (pid: number) => boolean = isRunning,
): boolean {
  if (note.pod !== me.pod) return false;
  if (note.host === me.host) return note.pid === me.pid || !runs(note.pid);
  // A pod has one container at a time; what runs elsewhere has no id.
  return me.pod !== "local";
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** @returns undefined when somebody else was faster */
async function create(options: LockOptions, generation: number, beatMs: number): Promise<VolumeLock | undefined> {
  const { folder, name, me, progress } = options;
  const path = pathOf(folder, name, generation);
  const file = await open(path, "wx").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  const lost = new AbortController();
  const ended = new AbortController();
  let beat = 0;

  const write = async (): Promise<void> => {
    const note: Note = { ...me, beat: ++beat, ...progress() };
    // Of one length, so that no reader finds half of it.
    await file.write(JSON.stringify(note).padEnd(512), 0);
    await file.sync();
  };
  const isOurs = async (): Promise<boolean> => {
    if ((await highest(folder, name)) !== generation) return false;
    // When whoever took it over released it, generations begin anew: this one may be a third one's.
    const note = await readNote(path);
    return note === undefined || note.holder === me.holder;
  };
  const check = async (): Promise<void> => {
    if (!(await isOurs())) lost.abort(new Error("another pod took the lock over"));
    lost.signal.throwIfAborted();
  };
  const keepBeating = async (): Promise<void> => {
    for (;;) {
      await sleep(beatMs, undefined, { signal: ended.signal }).catch(() => undefined);
      if (ended.signal.aborted || lost.signal.aborted) return;
      // A volume that does not answer for a moment is no reason to give up; a lock that was taken over is.
      await Promise.all([write(), check()]).catch(() => undefined);
    }
  };

  let beating: Promise<void> = Promise.resolve();
  const release = async (): Promise<void> => {
    ended.abort();
    await beating;
    await file.close();
    if (await isOurs()) await rm(path, { force: true });
  };

  try {
    await write();
    await removeOutdone(folder, name, generation);
  } catch (error) {
    await release();
    throw error;
  }
  beating = keepBeating();
  return { lost: lost.signal, check, release };
}

async function removeOutdone(folder: string, name: string, generation: number): Promise<void> {
  for (const file of await readdir(folder)) {
    const older = generationOf(file, name);
    if (older > 0 && older < generation) await rm(join(folder, file), { force: true });
  }
}
