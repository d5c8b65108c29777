import { UserError } from "../contract/errors.ts";
import { settingsAlone } from "./alone.ts";
import { BootFailure } from "./boot/failure.ts";
import { unfitListener } from "./boot/unfit.ts";
import { FlagError, help, readFlags } from "./flags.ts";
import { createGateway, listen } from "./gateway.ts";
import { createHttpServer, usualTimeouts } from "./limits/timeouts.ts";
import { createLog, errorFields, inQuietMoments } from "./log.ts";
import { keepYoungSpaceSmall } from "./memory.ts";
import { retiredVariables } from "./settings/retired.ts";
import { type GatewaySettings, readSettings, usualListen } from "./settings.ts";
import { loadWorkflow } from "./workflow/load.ts";

const output = inQuietMoments((text) => process.stdout.write(text));
process.on("exit", output.flush);
const log = createLog(output.write);
// A pod tells the gateway everything through its environment; whoever starts one by hand has something to say.
const isAlone = process.argv.length > 2;

try {
  if (isAlone) await runAlone();
  else await runInPod();
} catch (error) {
  process.exitCode = tell(error);
}

async function runAlone(): Promise<void> {
  const settings = readCommandLine();
  if (settings === undefined) process.stdout.write(help);
  else await run(settings);
}

/** In a pod, a process that ended would be started again and again, at a price, and find the same environment each time. */
async function runInPod(): Promise<void> {
  let settings: GatewaySettings;
  try {
    settings = readSettings(process.env);
  } catch (error) {
    if (!(error instanceof UserError) || process.env["RUNPOD_POD_ID"] === undefined) throw error;
    tell(error);
    const remedy = 'correct the app\'s "env", and deploy again';
    const failure = new BootFailure("settings", error.message, remedy).failure;
    await listen(createHttpServer(unfitListener(failure), usualTimeouts), usualListen(process.env));
    process.once("SIGTERM", () => process.exit(1));
    return;
  }
  await run(settings);
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
