import { appendFileSync, renameSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** One line of a pod's log: what its container printed, or what the host has to say about it. */
export interface LogLine {
  /** ISO 8601. */
  time: string;
  source: "container" | "system";
  text: string;
}

const largestFile = 1024 * 1024;

/** Adds a line to a log, of which the latest one to two MiB are kept. */
export function appendLog(file: string, source: LogLine["source"], text: string): void {
  try {
    appendFileSync(file, `${new Date().toISOString()} ${source} ${text}\n`);
    if (statSync(file).size > largestFile) renameSync(file, olderPart(file));
  } catch {
    // The pod's folder is being removed: its log goes with it.
  }
}

/** All lines that are kept, oldest first. */
export async function readLog(file: string): Promise<LogLine[]> {
  const newer = await textOf(file);
  const older = await textOf(olderPart(file));
  // It may have become the older part between the two.
  return (older.includes(newer) ? older : older + newer).split("\n").flatMap(parsedLine);
}

const olderPart = (file: string): string => `${file}.1`;

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    // Nothing has run yet, or never so much.
    return "";
  }
}

function parsedLine(line: string): LogLine[] {
  const [, time, source, text] = /^(\S+) (container|system) (.*)$/s.exec(line) ?? [];
  // The rest after the last line break is no line.
  if (time === undefined || text === undefined) return [];
  return [{ time, source: source === "system" ? source : "container", text }];
}
