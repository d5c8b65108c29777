import type { Argument, Command, Option } from "commander";

/** Where the word that is being typed stands, and what came before it. */
export interface Place {
  command: Command;
  /** Words that are neither commands nor options, in order. */
  operands: string[];
  /** Values of options by name, such as `--app-id`. */
  given: Map<string, string>;
  /** The option whose value is typed; a text is the name of an input's flag, which the program itself does not know. */
  valueOf: Option | string | undefined;
  /** What is typed so far of the word; of `--flag=value` the part after the `=`. */
  typed: string;
  /** The part before that, which a candidate repeats. */
  prefix: string;
}

/**
 * Reads a command line up to the word that is being typed, the last one.
 * @param words without the program's own name
 */
export function placeOf(program: Command, words: readonly string[]): Place {
  const place: Place = {
    ...{ command: program, operands: [], given: new Map(), valueOf: undefined, typed: "", prefix: "" },
  };
  for (const word of words.slice(0, -1)) read(place, word);
  const last = words.at(-1) ?? "";
  const joint = last.indexOf("=");
  if (place.valueOf === undefined && last.startsWith("--") && joint > 0) {
    place.valueOf = takesValue(place.command, last.slice(0, joint));
    place.prefix = last.slice(0, joint + 1);
    place.typed = last.slice(joint + 1);
  } else {
    // Bash makes `--flag=` two words.
    place.typed = place.valueOf !== undefined && last === "=" ? "" : last;
  }
  return place;
}

function read(place: Place, word: string): void {
  const { command, operands, valueOf } = place;
  if (valueOf !== undefined) {
    if (word === "=") return;
    place.given.set(typeof valueOf === "string" ? valueOf : (valueOf.long ?? valueOf.flags), word);
    place.valueOf = undefined;
  } else if (word.startsWith("-")) {
    const [name = "", value] = word.split(/=(.*)/s, 2);
    if (value === undefined) place.valueOf = takesValue(command, name);
    else place.given.set(name, value);
  } else if (operands.length === 0 && command.commands.length > 0) {
    const found = command.commands.find((one) => one.name() === word);
    // `cend <app_id> …` is short for `cend invoke <app_id> …`.
    place.command = found ?? command.commands.find((one) => one.name() === "invoke") ?? command;
    if (found === undefined) operands.push(word);
  } else {
    operands.push(word);
  }
}

function takesValue(command: Command, name: string): Option | string | undefined {
  const option = optionsOf(command).find(({ long, short }) => long === name || short === name);
  if (option !== undefined) return option.required || option.optional ? option : undefined;
  return command.name() === "invoke" && name.startsWith("--input-") ? name : undefined;
}

/** Options that may stand after a command: its own, and those of the commands above it. */
export function optionsOf(command: Command): Option[] {
  const help = Object.assign(command.createHelp(), { showGlobalOptions: true });
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}

/** The argument that the typed word is; the last one of several may go on. */
export function argumentOf({ command, operands }: Place): Argument | undefined {
  const { registeredArguments: all } = command;
  return all[operands.length] ?? all.findLast(({ variadic }) => variadic);
}
