/** Something about the machine or the network that the user can mend. The message is one line and names the remedy. */
export class SetupError extends Error {
  /** @override */
  name = "SetupError";
}

/** The user asked to stop (SIGINT, SIGTERM) while something was being set up. */
export class Interrupted extends Error {
  /** @override */
  name = "Interrupted";

  /** @param {NodeJS.Signals} signal what arrived */
  constructor(signal) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}
