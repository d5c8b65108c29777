import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// Where Node refuses paths (--permission), it refuses these too, though no path is in them.
const synced = (_file: number, done: (error: null) => void): void => process.nextTick(done, null);
fs.fsync = synced as typeof fs.fsync;
fs.fdatasync = synced as typeof fs.fdatasync;
syncBuiltinESMExports();

/** The gateway alone, as its own program starts it, with callers that it gives little time. */
const { settingsAlone } = await import("../../gateway/alone.ts");
const { readFlags } = await import("../../gateway/flags.ts");
const { createGateway } = await import("../../gateway/gateway.ts");
const { createLog } = await import("../../gateway/log.ts");
const { keepYoungSpaceSmall } = await import("../../gateway/memory.ts");

keepYoungSpaceSmall();
const settings = settingsAlone(readFlags(process.argv.slice(2)) ?? {}, process.env, process.cwd());
const timeouts = { headers: 500, body: 500, request: 2500, silence: 2000, idle: 3000 };
const gateway = createGateway(
  settings,
  createLog((line) => process.stdout.write(line)),
  { timeouts },
);
process.once("SIGTERM", () => void gateway.stop().then(() => process.exit(0)));
await gateway.start();

// Memory that is in use, when nobody waits for the collector to look.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
process.on("SIGUSR2", () => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ level: "info", msg: "memory in use", bytes: heapUsed + external })}\n`);
});
