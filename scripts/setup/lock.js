import { randomBytes } from "node:crypto";
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const BEAT_MS = 5_000;
// A lock that nobody has touched for this long is nobody's, even when its pid meanwhile belongs to another program.
const ABANDONED_MS = 300_000;
const BREAKING_MS = 10_000;
const POLL_MS = 200;

/**
 * Runs `work` while no other process holds the lock file. A lock whose holders have died is taken over.
 * @template T
 * @param {string} file the lock; its folder exists
 * @param {{onWait: (pid: number) => void, signal?: AbortSignal}} options onWait: called once when another process holds
 *   the lock; signal: gives up waiting
 * @param {(alsoHeldBy: (pid: number) => void) => Promise<T>} work given a function that names a child process which
 *   must have ended too before another process may take the lock over
 * @returns {Promise<T>}
 */
export async function withLock(file, { onWait, signal }, work) {
  const token = `${process.pid} ${randomBytes(8).toString("hex")}\n`;
  let told = false;
  while (!acquire(file, token)) {
    const owner = readOwner(file);
    if (owner === undefined) continue;
    const stale = isStale(owner);
    if (stale) breakStale(file);
    else if (!told) onWait(owner.pids[0] ?? 0);
    told ||= !stale;
    await sleep(stale ? 0 : POLL_MS);
    signal?.throwIfAborted();
  }
  const beat = setInterval(() => touch(file), BEAT_MS);
  beat.unref();
  try {
    return await work((pid) => replace(file, `${token}${pid}\n`));
  } finally {
    clearInterval(beat);
    if (readOwner(file)?.text.startsWith(token)) rmSync(file, { force: true });
  }
}

/**
 * @param {number} pid
 * @returns {boolean} whether a process of that id exists
 */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** @param {string} file @param {string} token */
function acquire(file, token) {
  // Linked into place with its content, so that nobody ever reads a lock without an owner.
  const draft = draftOf(file, token);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

/** @param {string} file @param {string} text */
function replace(file, text) {
  renameSync(draftOf(file, text), file);
}

/** @param {string} file @param {string} text */
function draftOf(file, text) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  return draft;
}

/** @param {string} file */
function readOwner(file) {
  try {
    const text = readFileSync(file, "utf8");
    const pids = text
      .trim()
      .split("\n")
      .map((line) => Number.parseInt(line, 10));
    return { text, pids, touched: statSync(file).mtimeMs };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** @param {{pids: number[], touched: number}} owner */
function isStale(owner) {
  return !owner.pids.some(isAlive) || Date.now() - owner.touched > ABANDONED_MS;
}

/** @param {string} file */
function breakStale(file) {
  // Two processes may find the same dead owner: only one at a time may remove, and it looks again first. Otherwise the
  // slower one would remove the lock that the faster one has just acquired.
  const breaking = `${file}.breaking`;
  try {
    mkdirSync(breaking);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    const age = Date.now() - (statSync(breaking, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > BREAKING_MS) rmSync(breaking, { recursive: true, force: true });
    return;
  }
  try {
    const owner = readOwner(file);
    if (owner !== undefined && isStale(owner)) unlinkSync(file);
  } finally {
    rmdirSync(breaking);
  }
}

/** @param {string} file */
function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // The file is gone: whoever removed it took the lock over, and the work's own result is atomic.
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
