import { RunPodError } from "./errors.ts";

/**
 * A change whose errors do not show what it sent: an answer may quote what it refuses, and errors are shown and kept.
 * @param secrets texts that are taken out
 */
export async function withoutSecrets<T>(secrets: readonly string[], change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof RunPodError)) throw error;
    const message = secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), error.message);
    throw message === error.message ? error : new RunPodError(error.refusal, message);
  }
}
