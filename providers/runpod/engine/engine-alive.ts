import { subscribe } from "node:diagnostics_channel";
import { connect } from "node:net";

/** What a provider process can know of the engine that started it. Pulumi itself tells a running hook nothing. */

const answerMs = 2000;

/** The last argument of a provider process; undefined where there is no engine (a test, a command line). */
function engineArgument(): string | undefined {
  const [, program = ""] = process.argv;
  return program.includes("dynamic-provider") ? process.argv.at(-1) : undefined;
}

function engineOf(argument: string | undefined): { host: string; port: number } | undefined {
  const [, host, port] = /^(127\.0\.0\.1|localhost):(\d{1,5})$/.exec(argument ?? "") ?? [];
  return host === undefined ? undefined : { host, port: Number(port) };
}

/**
 * Whether the engine is dead, so that nothing a hook does would be recorded any more.
 * @param argument names the engine; anything else than an address means that there is none: then it is not gone
 */
export function engineGone(argument = engineArgument()): Promise<boolean> {
  const engine = engineOf(argument);
  if (engine === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect({ ...engine, timeout: answerMs });
    const answer = (gone: boolean) => {
      socket.destroy();
      resolve(gone);
    };
    socket.once("connect", () => answer(false));
    // Only a refusal is sure. An engine that is slow, or a machine short of sockets, is no dead engine.
    socket.once("timeout", () => answer(false));
    socket.once("error", (error: NodeJS.ErrnoException) => answer(error.code === "ECONNREFUSED"));
  });
}

let leaving: NodeJS.Timeout | undefined;

/**
 * For who found the engine gone: ends this process some time later, which would otherwise serve nobody for ever.
 * @param graceMs for other hooks of the process, which may have to clean up, in milliseconds
 */
export function exitAfterEngine(graceMs = 60_000): void {
  leaving ??= setTimeout(() => process.exit(1), graceMs).unref();
}

/**
 * Looks from time to time whether the engine is still there: it may be killed while no hook runs.
 * @param argument names the engine; without one nothing is looked after
 */
export function followEngine(argument = engineArgument(), everyMs = 10_000, graceMs?: number): void {
  if (engineOf(argument) === undefined) return;
  const look = async (): Promise<void> => {
    if (await engineGone(argument)) exitAfterEngine(graceMs);
  };
  setInterval(() => void look(), everyMs).unref();
}

followEngine();

let canceled = false;

/**
 * Whether the run was interrupted (Ctrl-C) since this module was loaded. The engine then waits for the running hooks and
 * calls `Cancel`, which Pulumi's dynamic provider answers without telling anybody; the request is seen here as it comes in.
 */
export const runCanceled = (): boolean => canceled;

subscribe("http2.server.stream.created", (message) => {
  const { headers } = message as { headers?: Record<string, unknown> };
  if (headers?.[":path"] === "/pulumirpc.ResourceProvider/Cancel") canceled = true;
});
