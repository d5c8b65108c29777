/** How the process is asked to stop. */
export interface Interruption {
  /** Aborted at the first SIGINT or SIGTERM. */
  signal: AbortSignal;
  /** Exit code that tells which of them it was. */
  exitCode(): number;
}

// npm and shells may pass on a Ctrl-C that the process has got already.
const sameKeyPressMs = 500;

/**
 * Listens for signals: the first asks everything to end in order, the next one ends the process at once.
 * @param onFirst told at the first signal
 */
export function listenForInterruption(onFirst: () => void): Interruption {
  const interrupted = new AbortController();
  let code = 130;
  let firstAt = 0;
  const listen = (name: "SIGINT" | "SIGTERM", exitCode: number) =>
    process.on(name, () => {
      if (!interrupted.signal.aborted) {
        firstAt = performance.now();
        code = exitCode;
        interrupted.abort();
        onFirst();
      } else if (performance.now() - firstAt > sameKeyPressMs) {
        process.exit(exitCode);
      }
    });
  listen("SIGINT", 130);
  listen("SIGTERM", 143);
  return { signal: interrupted.signal, exitCode: () => code };
}
