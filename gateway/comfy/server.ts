export type ComfyState = { kind: "starting"; detail?: string } | { kind: "up" } | { kind: "failed"; reason: string };

/** ComfyUI was given up: it will not come up any more. */
export class ComfyGivenUp extends Error {}

/** The ComfyUI that runs the prompts: a child that is kept alive, or one that somebody else keeps. */
export interface ComfyServer {
  /** Starts ComfyUI or begins to look for it, and sees to it from then on. */
  start(): void;
  state(): ComfyState;
  /**
   * Ends when ComfyUI is up, or when `abort` fires.
   * @throws {ComfyGivenUp}
   */
  whenUp(abort: AbortSignal): Promise<void>;
  /** It is what the endpoint needs: from now on an end of it is bad luck, and no reason to give it up soon. */
  accept(): void;
  /**
   * Frees ComfyUI of a prompt that does not stop when told to.
   * @returns false when that may take as long as the prompt takes: ComfyUI is not ours to end
   */
  free(promptId: string): boolean;
  /**
   * It runs and is of no use: one of ours is ended, and another takes its place. Somebody else's is waited for.
   * @param reason as a clause, with "it" for ComfyUI
   */
  replace(reason: string): void;
  /** No longer sees to ComfyUI; one of ours ends, with everything it started. */
  stop(): Promise<void>;
}
