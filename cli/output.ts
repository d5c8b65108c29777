import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

/** Where a command's results and progress go. */
export interface Output {
  /** Whether a person reads stdout; programs get JSON. */
  readonly forPeople: boolean;
  /** Whether stderr takes colors. */
  readonly color: boolean;
  /**
   * The command's result, once: the JSON document for programs, the lines for people.
   * @param lines asked for only when they are shown
   */
  result(document: object, lines: () => readonly string[]): void;
  /** A line of progress or a warning, on stderr. */
  note(line: string): void;
  /** Somebody else's output, passed on to stderr as it is. */
  pass(text: string): void;
  /** Text that stands out, where stdout takes that. */
  strong(text: string): string;
}

/** @param json programs read stdout although it is a terminal */
export function createOutput(stdout: WriteStream, stderr: WriteStream, json: boolean): Output {
  const forPeople = stdout.isTTY && !json;
  return {
    forPeople,
    // hasColors reads NO_COLOR and TERM.
    color: stderr.isTTY && stderr.hasColors(),
    result: (document, lines) => {
      const text = forPeople ? lines().join("\n") : JSON.stringify(document, null, 2);
      stdout.write(`${text}\n`);
    },
    note: (line) => stderr.write(`${line}\n`),
    pass: (text) => stderr.write(text),
    strong: (text) => styleText("bold", text, { stream: stdout }),
  };
}

/** Rows as lines, their cells below each other. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, at) => Math.max(most[at] ?? 0, cell.length)), []);
  return rows.map((row) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join("  "),
  );
}
