import { UserError } from "../../../contract/errors.ts";
import { engineGone, exitAfterEngine, runCanceled } from "../../runpod/engine/engine-alive.ts";

const everyMs = 1000;

/**
 * Does what takes long, and breaks it off when the deployment was interrupted or its engine has died.
 * @throws {UserError} when it was broken off
 */
export async function whileRunLasts<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController();
  const look = async (): Promise<void> => {
    if (runCanceled()) interruption.abort(new Error("the deployment was interrupted"));
    if (!(await engineGone())) return;
    exitAfterEngine();
    interruption.abort(new Error("the Pulumi engine ended"));
  };
  const timer = setInterval(() => void look(), everyMs);
  try {
    return await work(interruption.signal);
  } catch (error) {
    if (!interruption.signal.aborted || error instanceof UserError) throw error;
    throw new UserError((interruption.signal.reason as Error).message, [], { cause: error });
  } finally {
    clearInterval(timer);
  }
}
