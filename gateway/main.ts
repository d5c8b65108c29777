import { UserError } from "../contract/errors.ts";
import { settingsAlone } from "./alone.ts";
import { FlagError, help, readFlags } from "./flags.ts";
import { createGateway } from "./gateway.ts";
import { createLog, errorFields } from "./log.ts";
import { keepYoungSpaceSmall } from "./memory.ts";
import { retiredVariables } from "./settings/retired.ts";
import { type GatewaySettings, readSettings } from "./settings.ts";
import { loadWorkflow } from "./workflow/load.ts";

const log = createLog((line) => process.stdout.write(line));
// A pod tells the gateway everything through its environment; whoever starts one by hand has something to say.
const isAlone = process.argv.length > 2;

try {
  const settings = isAlone ? readCommandLine() : readSettings(process.env);
  if (settings === undefined) process.stdout.write(help);
  else await run(settings);
} catch (error) {
  process.exitCode = tell(error);
}

/** @returns undefined when help is wanted */
function readCommandLine(): GatewaySettings | undefined {
  const flags = readFlags(process.argv.slice(2));
  if (flags === undefined) return undefined;
  const { env } = process;
  // npm starts its scripts in the package's folder, and tells the caller's.
  const folder = env["npm_lifecycle_event"] === "gateway" ? env["INIT_CWD"] : undefined;
  const settings = settingsAlone(flags, env, folder ?? process.cwd());
  // A pod that cannot boot says so over HTTP; somebody at a terminal should learn it at once.
  loadWorkflow(settings);
  return settings;
}

async function run(settings: GatewaySettings): Promise<void> {
  keepYoungSpaceSmall();
  const warning = retiredVariables(process.env);
  if (warning !== undefined) log.warn(warning);
  const gateway = createGateway(settings, log);
  const stop = (signal: NodeJS.Signals): void => {
    log.info("gateway stops", { signal });
    gateway.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error("gateway did not stop cleanly", errorFields(error));
        process.exit(1);
      },
    );
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  await gateway.start();
}

/** @returns the exit code */
function tell(error: unknown): number {
  if (isAlone && error instanceof UserError) process.stderr.write(`error: ${error.message}\n`);
  else log.error("gateway cannot start", error instanceof UserError ? { error: error.message } : errorFields(error));
  return error instanceof FlagError ? 2 : 1;
}
