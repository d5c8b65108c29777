import { enableCompileCache, flushCompileCache } from "node:module";

/** Long enough for a hook's modules to be loaded, and less than any deployment that changes something takes. */
const loadedAfterMs = 1000;

/**
 * Lets the next process find compiled what this one loads from here on. The engine kills a provider process, so the cache is
 * written while it lives.
 */
export function keepCompiled(): void {
  enableCompileCache();
  setTimeout(flushCompileCache, loadedAfterMs).unref();
}
