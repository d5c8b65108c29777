/** RunPod's no: what the `errors` of an answer hold. */
export class Refusal extends Error {
  /** `extensions.code`; undefined where nobody has recorded which one RunPod sends. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.name = "Refusal";
    this.code = code;
  }
}

// Texts and codes as clients of RunPod have recorded them.
export const refusals = {
  noInstances: () =>
    new Refusal(
      "There are no longer any instances available with the requested specifications. Please refresh and try again.",
      "SUPPLY_CONSTRAINT",
    ),
  // "request", not "requested": spot has a text of its own. A bid that is too low gets it as well.
  noSpotInstances: () =>
    new Refusal("There are no longer any instances available with the request specifications. Please try again later."),
  balanceTooLow: () =>
    new Refusal(
      "Your account balance is too low to rent a pod. Please add funds to your account.",
      "INSUFFICIENT_BALANCE",
    ),
  hostFull: () => new Refusal("There are not enough free GPUs on the host machine to start this pod."),
  spotNeedsBid: () => new Refusal("Cannot resume a spot pod as an on demand pod"),
  terminateUnknown: () => new Refusal("pod not found to terminate", "POD_NOT_FOUND"),

  // From here on the texts are ours: that RunPod refuses is documented or likely, its words were never recorded.
  unknownPod: (podId: string) => new Refusal(`pod not found: ${podId}`, "POD_NOT_FOUND"),
  notSpot: () => new Refusal("Cannot place a bid for an on demand pod"),
  invalid: (message: string) => new Refusal(message, "BAD_USER_INPUT"),
};
