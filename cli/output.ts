import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

/** Where a command's results and progress go. */
export interface Output {
  /** Whether a person reads stdout; programs get JSON. */
  readonly forPeople: boolean;
  /**
   * The command's result, once: the JSON document for programs, the lines for people.
   * @param lines asked for only when they are shown
   */
  result(document: object, lines: () => readonly string[]): void;
  /** A script or a program: the same for people and programs. */
  text(text: string): void;
  /** Whether a person watches stderr: there is a line that may change. */
  readonly live: boolean;
  /** What is going on, in that line, until the next call; undefined takes it away. Nobody else is shown it. */
  status(text: string | undefined): void;
  /** A line of progress or a warning, on stderr; in a color where that takes any. */
  note(line: string, color?: Color): void;
  /** Somebody else's output, passed on to stderr as it is. */
  pass(text: string): void;
  /** Text that stands out, where stdout takes that. */
  strong(text: string): string;
  /** Text in a color, where stdout takes that. */
  tinted(color: Color, text: string): string;
}

type Color = "green" | "yellow" | "red";

/** @param json programs read stdout although it is a terminal */
export function createOutput(stdout: WriteStream, stderr: WriteStream, json: boolean): Output {
  const forPeople = stdout.isTTY && !json;
  const live = stderr.isTTY;
  let status: string | undefined;
  const draw = (): void => {
    // One column is left for the cursor: a full line would break.
    if (status !== undefined) stderr.write(status.slice(0, (stderr.columns || 80) - 1));
  };
  // What does not end in a newline yet has no line to itself.
  let begun = "";
  const above = (text: string): void => {
    const whole = (begun + text).slice(0, (begun + text).lastIndexOf("\n") + 1);
    begun = (begun + text).slice(whole.length);
    if (whole === "") return;
    if (status !== undefined) stderr.write(eraseLine);
    stderr.write(whole);
    draw();
  };
  return {
    forPeople,
    live,
    result: (document, lines) => {
      const text = forPeople ? lines().join("\n") : JSON.stringify(document, null, 2);
      stdout.write(`${text}\n`);
    },
    text: (text) => stdout.write(text),
    status: (text) => {
      if (!live || text === status) return;
      if (status !== undefined) stderr.write(eraseLine);
      status = text;
      if (status === undefined && begun !== "") above("\n");
      draw();
    },
    note: (line, color) => above(`${color === undefined ? line : styleText(color, line, { stream: stderr })}\n`),
    pass: (text) => (live ? above(text) : stderr.write(text)),
    strong: (text) => styleText("bold", text, { stream: stdout }),
    tinted: (color, text) => styleText(color, text, { stream: stdout }),
  };
}

export const eraseLine = "\r\u001b[2K";

/** Rows as lines, their cells below each other. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, at) => Math.max(most[at] ?? 0, cell.length)), []);
  return rows.map((row) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join("  "),
  );
}
