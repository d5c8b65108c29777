import { RunError } from "@pulumi/pulumi";
import { UserError } from "../contract/errors.ts";

/** The engine shows it as its message alone, when it is somebody's to mend. */
export function asRunError(error: unknown): unknown {
  if (!(error instanceof UserError)) return error;
  const { message } = error;
  // The SDK would write in front of it the name of every property that was to be made with what failed.
  return Object.defineProperty(new RunError(message), "message", { get: () => message, set: () => undefined });
}
