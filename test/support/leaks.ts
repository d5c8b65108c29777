/** Where a secret could be seen that nobody was to see. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Everything below a folder in one text; files that vanish meanwhile are left out. */
export function textBelow(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return "";
  if (!stats.isDirectory()) return stats.isFile() ? readFileSync(path, "latin1") : "";
  return readdirSync(path)
    .map((name) => textBelow(join(path, name)))
    .join("\n");
}

/** Command lines of all processes of this machine. */
export function commandLines(): string {
  const read = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    } catch {
      return "";
    }
  };
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(read)
    .join("\n");
}

/** Whether a text holds the secret, in clear or as base64. */
export const holds = (text: string, secret: string): boolean =>
  text.includes(secret) || text.includes(Buffer.from(secret).toString("base64"));
