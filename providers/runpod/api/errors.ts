import { UserError } from "../../../contract/errors.ts";

/**
 * What a refusal of RunPod's means for the caller:
 * capacity: ask on other terms; transient: the same request may work later, and its effect is unknown;
 * limited: one request too many, which had no effect; all others: asking again changes nothing.
 */
export type Refusal = "auth" | "balance" | "capacity" | "gone" | "transient" | "limited" | "invalid";

/** RunPod said no, or said nothing. The message is fit to be shown. */
export class RunPodError extends UserError {
  readonly refusal: Refusal;
  /** Milliseconds that RunPod asks to wait before the next request; 0 when it does not say. */
  readonly retryAfterMs: number;

  constructor(refusal: Refusal, message: string, options?: ErrorOptions & { retryAfterMs?: number }) {
    super(message, [], options);
    this.refusal = refusal;
    this.retryAfterMs = options?.retryAfterMs ?? 0;
  }
}

export const isRefusal = (error: unknown, ...refusals: Refusal[]): error is RunPodError =>
  error instanceof RunPodError && refusals.includes(error.refusal);

// Whole messages, as recorded from RunPod; a part of one ("bid", "insufficient") would match unrelated errors.
const capacityMessages = new Set([
  "There are no longer any instances available with the requested specifications. Please refresh and try again.",
  "There are no longer any instances available with the request specifications. Please try again later.",
  "There are no longer any instances available with enough disk space.",
  "This machine does not have the resources to deploy your pod. Please try a different machine",
  "There are no instances currently available",
  "There are not enough free GPUs on the host machine to start this pod.",
]);

const byCode: Record<string, Refusal> = {
  SUPPLY_CONSTRAINT: "capacity",
  INSUFFICIENT_BALANCE: "balance",
  POD_NOT_FOUND: "gone",
  INTERNAL_SERVER_ERROR: "transient",
};

/** Reads one entry of a GraphQL answer's `errors`. */
export function refusalOf(message: string, code: unknown): Refusal {
  if (typeof code === "string" && byCode[code] !== undefined) return byCode[code];
  if (capacityMessages.has(message)) return "capacity";
  if (message === "Your account balance is too low to rent a pod. Please add funds to your account.") return "balance";
  if (message === "pod not found to terminate") return "gone";
  if (message === "Unauthorized") return "auth";
  return "invalid";
}

export const authRemedy =
  "RunPod does not accept the API key; set RUNPOD_API_KEY (or stack config comfy-endpoints:runpodApiKey) to a key with read and write permission";

export const noKeyRemedy =
  "there is no RunPod API key; set RUNPOD_API_KEY in the environment or in .env.local, or run: pulumi config set --secret comfy-endpoints:runpodApiKey";
