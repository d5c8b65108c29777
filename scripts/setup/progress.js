/**
 * Who is told what set-up does. `onProgress` gets each step, a line. `onTick` gets about every second how far the
 * current step has come; without it, that becomes a line every 20 seconds.
 * @typedef {{onProgress: (line: string) => void, onTick?: (text: string) => void}} Progress
 */

const TICK_MS = 1_000;
const LINE_MS = 20_000;

/**
 * Prints progress: on a terminal with a live line, elsewhere (a log, CI) line by line.
 * @param {NodeJS.WriteStream} stream stderr unless told: stdout belongs to the command that follows set-up
 * @returns {Progress}
 */
export function progressPrinter(stream = process.stderr) {
  if (!stream.isTTY) return { onProgress: (line) => void stream.write(`${line}\n`) };
  const clear = "\r\x1b[K";
  return {
    onProgress: (line) => void stream.write(`${clear}${line}\n`),
    onTick: (text) => void stream.write(`${clear}${text.slice(0, stream.columns - 1)}`),
  };
}

/**
 * Tells how far `work` has come, until it ends.
 * @template T
 * @param {Progress} progress
 * @param {() => string} text says it, given to every tick
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withTicks({ onProgress, onTick }, text, work) {
  const timer =
    onTick === undefined ? setInterval(() => onProgress(text()), LINE_MS) : setInterval(() => onTick(text()), TICK_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    onTick?.("");
  }
}

/**
 * @param {number} since as Date.now() gives it
 * @returns {string} the time since then: "8 s", "4 min 43 s"
 */
export function elapsed(since) {
  const seconds = Math.round((Date.now() - since) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
