import type { Argument, Option } from "commander";
import { stackConfigKeys } from "../../contract/stack-config.ts";
import { isMediaType } from "../../contract/value-types.ts";
import type { WorkflowContract } from "../../contract/workflow-contract.ts";
import { flagsOf } from "../invoke/flags.ts";
import { argumentOf, optionsOf, type Place } from "./place.ts";

/** A word that may stand there, and what it means. */
export interface Candidate {
  word: string;
  help?: string | undefined;
}

/** What is known of endpoints; nothing where they do not answer soon. */
export interface Sources {
  apps(): Candidate[];
  contract(appId: string): Promise<WorkflowContract | undefined>;
  jobs(appId: string): Promise<Candidate[]>;
  /** Files of one endpoint, or of all. */
  files(appId: string | undefined): Promise<Candidate[]>;
}

/** `:files` says that any file may stand there; the shell knows them better. */
export type Candidates = (Candidate | ":files")[];

/** Words that may stand at a place, those that begin as it does. */
export async function candidatesFor(place: Place, sources: Sources): Promise<Candidates> {
  const all = await everyCandidate(place, sources);
  return all.filter((one) => one === ":files" || one.word.startsWith(place.typed));
}

function everyCandidate(place: Place, sources: Sources): Candidates | Promise<Candidates> {
  const { command, operands, valueOf, typed } = place;
  if (typeof valueOf === "string") return inputValues(place, valueOf, sources);
  if (valueOf !== undefined) return valuesOf(valueOf, place, sources);
  if (typed.startsWith("-")) return flags(place, sources);
  if (operands.length === 0 && command.commands.length > 0) {
    const commands = command.createHelp().visibleCommands(command);
    const named = commands.map((one) => ({ word: one.name(), help: one.description() }));
    return command.parent === null ? [...named, ...sources.apps()] : named;
  }
  const argument = argumentOf(place);
  const isOfInputs = argument?.variadic === true && command.name() === "invoke";
  return argument === undefined || isOfInputs ? flags(place, sources) : valuesOf(argument, place, sources);
}

/** What an argument or an option takes: its choices, else what it is called says so. */
function valuesOf(taker: Argument | Option, place: Place, sources: Sources): Candidates | Promise<Candidates> {
  if (taker.argChoices !== undefined) return taker.argChoices.map((word) => ({ word }));
  const name = "flags" in taker ? (/[<[]([^>\]]+)/.exec(taker.flags)?.[1] ?? "") : taker.name();
  switch (name) {
    case "app_id":
    case "id":
      return sources.apps();
    case "app":
      return [...sources.apps(), ":files"];
    case "app.json":
    case "path":
    case "file":
    case "dir":
      return [":files"];
    case "key=value":
      return Object.keys(stackConfigKeys).map((key) => ({ word: `${key}=` }));
    case "job_id":
      return sources.jobs(place.operands[0] ?? "");
    case "file_id":
      return sources.files(place.given.get("--app-id"));
    default:
      return [];
  }
}

async function flags(place: Place, sources: Sources): Promise<Candidates> {
  const { command, operands, given } = place;
  const own = optionsOf(command)
    .filter(({ long }) => long !== undefined && !given.has(long))
    .map(({ long, description }) => ({ word: long ?? "", help: description }));
  return [...(await inputFlags(command.name() === "invoke" ? operands[0] : undefined, place, sources)), ...own];
}

async function inputFlags(appId: string | undefined, { given }: Place, sources: Sources): Promise<Candidate[]> {
  const contract = appId === undefined ? undefined : await sources.contract(appId);
  return [...flagsOf(contract?.inputs ?? [])]
    .filter(([flag]) => !given.has(flag))
    .map(([flag, { input }]) => ({ word: flag, help: input.description ?? input.type }));
}

/** Values of an input: those that its contract lists, its default, files on this machine or on the endpoint. */
async function inputValues({ operands }: Place, name: string, sources: Sources): Promise<Candidates> {
  const [appId = ""] = operands;
  const flag = flagsOf((await sources.contract(appId))?.inputs ?? []).get(name);
  if (flag === undefined) return [];
  const { input, isFile } = flag;
  if (isFile) return [":files"];
  if (isMediaType(input.type)) return sources.files(appId);
  const values = input.enum ?? (input.type === "boolean" ? [true, false] : [input.default]);
  return values.flatMap((value) =>
    typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? { word: String(value) } : [],
  );
}
