import type { Folders } from "../folders.ts";
import type { Picture } from "./picture.ts";

/** `["INT", {min: 1}]`; a list of values instead of a type name is a choice. */
export type InputSpec = readonly [type: string | readonly string[], options?: Readonly<Record<string, unknown>>];

/** A class of nodes, as ComfyUI describes it in /object_info, and what it does. */
export interface NodeClass {
  name: string;
  displayName: string;
  description: string;
  category: string;
  inputs: {
    required: Record<string, InputSpec>;
    optional?: Record<string, InputSpec>;
    hidden?: Record<string, string>;
  };
  /** Types of its outputs. */
  outputs: readonly string[];
  outputNames?: readonly string[];
  outputNode: boolean;
  /** Problems of literal inputs that their types do not tell; these inputs are checked by nothing else then. */
  validate?: (inputs: Record<string, unknown>, folders: Folders) => Record<string, string>;
  /** Changes when a run would give something else although the inputs are the same. */
  fingerprint?: (inputs: Record<string, unknown>, folders: Folders) => string;
  run: (inputs: Record<string, unknown>, context: RunContext) => NodeResult | Promise<NodeResult>;
}

export interface NodeResult {
  outputs?: readonly unknown[];
  /** What history shows; every value a list. That it is JSON nobody sees to, as in ComfyUI. */
  ui?: Record<string, unknown[]>;
}

export interface RunContext {
  folders: Folders;
  /** @param preview what it looks like so far */
  progress: (value: number, max: number, preview?: Picture) => void;
  /** Whether ComfyUI was started with a method for previews: nodes that sample show them then. */
  showsPreviews: boolean;
  /** Ends ComfyUI, as one does that the system kills for its memory. */
  die: () => void;
  /** Aborted when the prompt is interrupted. */
  interrupted: AbortSignal;
}

/** A failure as Python reports it. */
export class NodeError extends Error {
  /** `RuntimeError`, `ValueError`, … */
  readonly exceptionType: string;

  constructor(exceptionType: string, message: string) {
    super(message);
    this.name = "NodeError";
    this.exceptionType = exceptionType;
  }
}
