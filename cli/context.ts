import type { Env } from "../providers/runpod/env-files.ts";
import type { Output } from "./output.ts";

/** What every command is given: main.ts alone knows the process. */
export interface Context {
  /** The process's environment and what the env files add. */
  env: Env;
  /** Folder that the paths of arguments are relative to. */
  cwd: string;
  /** Folder of everything that is kept about deployments. */
  stateDir: string;
  output: Output;
  /** Aborted when the user interrupts. */
  interrupted: AbortSignal;
  version: string;
}
