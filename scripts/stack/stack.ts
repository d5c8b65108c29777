export interface StackSettings {
  /** Where nginx listens, on loopback. */
  port: number;
  /** The endpoint's key. */
  apiKey: string;
  /** For what is started. */
  env: Record<string, string | undefined>;
}

export interface Stack {
  /** What its parts said so far. */
  logs(): string;
  /** Aborted when a part ends by itself. */
  ended: AbortSignal;
  /** Ends it, and leaves nothing behind. */
  stop(): Promise<void>;
}

/** The stack cannot be started, or does not do what it should. */
export class StackProblem extends Error {}
