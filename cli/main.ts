/** comfy-endpoints, called `cend`: the table of its commands. Nothing below this file knows the process. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { UserError } from "../contract/errors.ts";
import { withEnvFiles } from "../providers/runpod/env-files.ts";
import type { InvokeOptions } from "./commands/invoke.ts";
import type { Context } from "./context.ts";
import { addressOf } from "./endpoint.ts";
import { type ExitCode, exitCodeFor, exitCodes } from "./exit-code.ts";
import { addEndpoints } from "./groups/endpoints.ts";
import { addFiles } from "./groups/files.ts";
import { type Act, positiveNumber } from "./groups/group.ts";
import { addImage } from "./groups/image.ts";
import { addJobs } from "./groups/jobs.ts";
import { addModels } from "./groups/models.ts";
import { listenForInterruption } from "./interruption.ts";
import { createOutput } from "./output.ts";
import { knownStacks } from "./stacks/state-dir.ts";

const repository = join(import.meta.dirname, "..");
const defaultStateDir = join(repository, ".comfy_endpoints");
const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };

const interruption = listenForInterruption(() => {
  process.stderr.write("interrupted; ending in order (once more ends at once)\n");
});

// Whoever reads may close the pipe early, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

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

  program
    .command("validate <app.json>")
    .description("check an app: app.json, its workflow, its contract")
    .action((spec: string) => act(async (given) => (await import("./commands/validate.ts")).run(given, spec)));

  program
    .command("deploy <app.json>")
    .description("deploy an app, or bring its deployment up to date")
    .action((spec: string) => act(async (given) => (await import("./commands/deploy.ts")).run(given, spec)));

  program
    .command("status <app_id>")
    .description("tell whether a deployed app's endpoint can be used")
    .action((appId: string) => act(async (given) => (await import("./commands/status.ts")).run(given, appId)));

  program
    .command("invoke [app_id] [inputs...]")
    .description("run a deployed app's workflow; `invoke <app_id> --help` tells its inputs")
    .usage("<app_id> [--input-<name> VALUE] [--input-<name>-file PATH] [--input-<name>-id FILE_ID] [options]")
    .option("--input-json <object>", "inputs as a JSON object; the flags override it", jsonObject)
    .option("--wait", "wait until the job has ended; exit code 1 unless it completed")
    .option("--timeout-seconds <seconds>", "with --wait: cancel the job after this time", positiveNumber)
    .option("--poll-seconds <seconds>", "with --wait: longest pause between two looks", positiveNumber, 2)
    .option("--output <dir>", "with --wait: download images, video and audio into this folder")
    .helpOption(false)
    .addOption(new Option("-h, --help", "display help for command"))
    .allowUnknownOption()
    .action(
      async (appId: string | undefined, words: string[], options: InvokeOptions & { help?: true }, self: Command) => {
        if (appId === undefined || appId.startsWith("-")) {
          if (options.help !== true) self.error("error: missing required argument 'app_id'");
          self.help();
        }
        const invoke = await import("./commands/invoke.ts");
        if (options.help !== true) exitCode = await invoke.run(context(), appId, words, options);
        else process.stdout.write(`${self.helpInformation()}\n${await invoke.help(context(), appId)}\n`);
      },
    );

  addJobs(program, act);
  addFiles(program, act);
  addEndpoints(program, act);
  addModels(program, act);
  addImage(program, act);

  program
    .command("wake <app_id>")
    .description("start the stopped pod of a deployed app again, and wait until its endpoint takes runs")
    .option("--no-wait", "do not wait for the endpoint")
    .action((appId: string, options: { wait: boolean }) =>
      act(async (given) => (await import("./commands/wake.ts")).run(given, appId, options)),
    );

  program
    .command("destroy <app>")
    .description("take a deployment down; <app> is its id or its app.json")
    .action((app: string) => act(async (given) => (await import("./commands/destroy.ts")).run(given, app)));

  await program.parseAsync(withInvoke(program, words, context), { from: "user" });
  return exitCode;
}

/** `cend <app_id> …` is short for `cend invoke <app_id> …`, when such an app is known here. */
function withInvoke(program: Command, words: string[], context: () => Context): string[] {
  const { operands } = program.parseOptions(words);
  const first = operands[0];
  if (first === undefined || program.commands.some((command) => command.name() === first)) return words;
  const given = context();
  const isKnown = knownStacks(given.stateDir).includes(first) || addressOf(given, first) !== undefined;
  return isKnown ? ["invoke", ...words] : words;
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('Give a JSON object such as {"prompt": "fog"}.');
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
  process.stderr.write(
    debug ? `${stack}\n` : `error: ${text} (a fault of comfy-endpoints; COMFY_ENDPOINTS_DEBUG=1 shows where)\n`,
  );
  return exitCodes.failed;
}
