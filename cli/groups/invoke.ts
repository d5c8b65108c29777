import { type Command, InvalidArgumentError, Option } from "commander";
import type { InvokeOptions } from "../commands/invoke.ts";
import { type Act, positiveNumber } from "./group.ts";

/** `cend invoke …`, whose further flags are made from the contract of the app. */
export function addInvoke(program: Command, act: Act): void {
  program
    .command("invoke [app_id] [inputs...]")
    .description("run a deployed app's workflow; `invoke <app_id> --help` tells its inputs")
    .usage("<app_id> [--input-<name> VALUE] [--input-<name>-file PATH] [--input-<name>-id FILE_ID] [options]")
    .option("--input-json <object>", "inputs as a JSON object; the flags override it", jsonObject)
    .option("--wait", "wait until the job has ended, and save what it made; exit code 1 unless it completed")
    .option("--timeout-seconds <seconds>", "with --wait: cancel the job after this time", positiveNumber)
    .option("--poll-seconds <seconds>", "with --wait: longest pause between two looks", positiveNumber, 2)
    .option("--out <dir>", "with --wait: folder for the images, videos and sounds that the job makes", "outputs")
    .helpOption(false)
    .addOption(new Option("-h, --help", "display help for command"))
    .allowUnknownOption()
    .action((appId: string | undefined, words: string[], options: InvokeOptions & { help?: true }, self: Command) => {
      if (appId === undefined || appId.startsWith("-")) {
        if (options.help !== true) self.error("error: missing required argument 'app_id'");
        self.help();
      }
      return act(async (context) => {
        const invoke = await import("../commands/invoke.ts");
        if (options.help !== true) return invoke.run(context, appId, words, options);
        return invoke.help(context, appId, self.helpInformation());
      });
    });
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
