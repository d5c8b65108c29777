import { InvalidArgumentError } from "commander";
import type { Context } from "../context.ts";
import type { ExitCode } from "../exit-code.ts";

/** Runs a command, and keeps its exit code for the process. */
export type Act = (command: (context: Context) => ExitCode | Promise<ExitCode>) => Promise<void>;

export function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give a whole number above 0.");
}

export function positiveNumber(text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError("Give a number of seconds above 0.");
}
