import { UserError } from "../../contract/errors.ts";

/**
 * Splits a command line into words as a shell does (spaces, quotes, backslashes) without running one: nothing expands.
 * @throws {UserError} when a quote is not closed
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote !== "" && character === quote) {
      quote = "";
    } else if (character === "\\" && quote !== "'" && at + 1 < line.length) {
      word = (word ?? "") + line.charAt(++at);
    } else if (quote !== "") {
      word = (word ?? "") + character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + character;
    }
  }
  if (quote !== "") throw new UserError(`a ${quote} is not closed in: ${line}`);
  return word === undefined ? words : [...words, word];
}
