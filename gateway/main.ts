import { UserError } from "../contract/errors.ts";
import { createGateway } from "./gateway.ts";
import { createLog, errorFields } from "./log.ts";
import { readSettings } from "./settings.ts";

const log = createLog((line) => process.stdout.write(line));

try {
  const gateway = createGateway(readSettings(process.env), log);
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
} catch (error) {
  log.error("gateway cannot start", error instanceof UserError ? { error: error.message } : errorFields(error));
  process.exitCode = 1;
}
