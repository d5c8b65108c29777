import { InvalidArgumentError } from "commander";

/** Reads an option that counts something. */
export function atLeastOne(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError("give a whole number from 1.");
}
