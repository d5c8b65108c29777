import { hostname } from "node:os";

/** The mark of a run of the engine that holds a stack. */
interface Lock {
  host: string;
  pid: number;
}

/** The locks that the engine names when it refuses to run. */
const locksIn = (stderr: string): Lock[] =>
  [...stderr.matchAll(/created by \S*@(\S+) \(pid (\d+)\)/g)].map(([, host = "", pid]) => ({ host, pid: Number(pid) }));

/** Whether all locks were left behind by runs on this machine that are dead: nobody will ever take them away. */
export function locksAreStale(stderr: string): boolean {
  const locks = locksIn(stderr);
  return locks.length > 0 && locks.every(({ host, pid }) => host === hostname() && !isAlive(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of somebody else's is there, but may not be signalled.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
