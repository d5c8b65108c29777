/** comfy-endpoints, called `cend`: the table of its commands. Nothing below this file knows the process. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { UserError } from "../contract/errors.ts";
import { withEnvFiles } from "../providers/runpod/env-files.ts";
import type { Context } from "./context.ts";
import { type ExitCode, exitCodeFor, exitCodes } from "./exit-code.ts";
import { addApps } from "./groups/apps.ts";
import { addCompletion } from "./groups/completion.ts";
import { addDeployments } from "./groups/deployments.ts";
import { addEndpoints } from "./groups/endpoints.ts";
import { addFiles } from "./groups/files.ts";
import type { Act } from "./groups/group.ts";
import { addImage } from "./groups/image.ts";
import { addInvoke } from "./groups/invoke.ts";
import { addJobs } from "./groups/jobs.ts";
import { addModels } from "./groups/models.ts";
import { listenForInterruption } from "./interruption.ts";
import { createOutput, eraseLine } from "./output.ts";
import { nearest } from "./similar.ts";

const repository = join(import.meta.dirname, "..");
const defaultStateDir = join(repository, ".comfy_endpoints");
const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };

const interruption = listenForInterruption(() => {
  // Over the line that changes, if there is one.
  const start = process.stderr.isTTY ? eraseLine : "";
  process.stderr.write(`${start}interrupted; ending in order (once more ends at once)\n`);
});

// Whoever reads may close the pipe early, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

// What no command was waiting for any more, or yet.
process.on("uncaughtException", (error) => process.exit(exitCodeOf(error)));

process.exitCode = await main(process.argv.slice(2)).catch(exitCodeOf);

async function main(words: string[]): Promise<number> {
  let exitCode: ExitCode = exitCodes.done;
  const program = new Command("cend")
    .description("Deploys ComfyUI workflows as HTTP APIs on RunPod GPUs, and calls them")
    .version(version)
    .addOption(
      new Option("--state-dir <dir>", "folder of everything that is kept about deployments").default(
        defaultStateDir,
        ".comfy_endpoints beside the program",
      ),
    )
    .option("--json", "print the JSON document although stdout is a terminal")
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(--help tells what there is)")
    .exitOverride();

  const context = (): Context => {
    const options = program.opts<{ stateDir: string; json?: true }>();
    return {
      env: withEnvFiles(process.env, process.cwd()),
      cwd: process.cwd(),
      stateDir: resolve(options.stateDir),
      output: createOutput(process.stdout, process.stderr, options.json === true),
      interrupted: interruption.signal,
      version,
    };
  };

  const act: Act = async (command) => {
    exitCode = await command(context());
  };

  addApps(program, act);
  addDeployments(program, act);
  addInvoke(program, act);
  addJobs(program, act);
  addFiles(program, act);
  addEndpoints(program, act);
  addModels(program, act);
  addImage(program, act);
  addCompletion(program, act);

  await program.parseAsync(await withInvoke(program, words, context), { from: "user" });
  return exitCode;
}

/** `cend <app_id> …` is short for `cend invoke <app_id> …`, when such an app is known. */
async function withInvoke(program: Command, words: string[], context: () => Context): Promise<string[]> {
  const { operands } = program.parseOptions(words);
  const first = operands[0];
  const commands = program.createHelp().visibleCommands(program);
  if (first === undefined || [...commands, ...program.commands].some((command) => command.name() === first))
    return words;
  const { appsKnownHere, isKnown } = await import("./endpoints.ts");
  if (await isKnown(context(), first)) return ["invoke", ...words];
  // commander would think of commands only.
  const near = nearest(first, [...commands.map((command) => command.name()), ...appsKnownHere(context())]);
  const meant = near === undefined ? "" : `\n(Did you mean ${near}?)`;
  program.error(`error: unknown command '${first}'${meant}`, { code: "commander.unknownCommand" });
}

/** Tells an error on stderr, in one line where it can be mended. */
function exitCodeOf(error: unknown): number {
  // commander has said already what is wrong.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (interruption.signal.aborted) {
    if (error instanceof UserError) process.stderr.write(`${error.message}\n`);
    return interruption.exitCode();
  }
  if (error instanceof UserError) {
    process.stderr.write(`error: ${error.message}\n`);
    return exitCodeFor(error);
  }
  const debug = (process.env["COMFY_ENDPOINTS_DEBUG"] ?? "") !== "";
  const text = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? text) : text;
  const whose = isOfFiles(error) ? "" : " (a fault of comfy-endpoints; COMFY_ENDPOINTS_DEBUG=1 shows where)";
  process.stderr.write(debug ? `${stack}\n` : `error: ${text}${whose}\n`);
  return exitCodes.failed;
}

/** What the machine says of a path: it may not be written, a disk is full. */
function isOfFiles(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && "path" in error && typeof error.path === "string";
}
