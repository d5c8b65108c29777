import { readFileSync } from "node:fs";

/** Resident memory of a process, in bytes; Linux only. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** Watches a process until it is told to stop; answers the most memory it had. */
export function watchMemory(pid: number, everyMs = 10): () => number {
  let most = residentBytes(pid);
  const timer = setInterval(() => {
    most = Math.max(most, residentBytes(pid));
  }, everyMs);
  return () => {
    clearInterval(timer);
    return Math.max(most, residentBytes(pid));
  };
}
