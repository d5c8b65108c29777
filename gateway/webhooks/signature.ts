import { createHmac } from "node:crypto";

/**
 * The headers of Standard Webhooks, by which a receiver knows that the request is ours, whole and fresh: whichever of the
 * secrets it has.
 */
export function signedHeaders(
  secrets: readonly Buffer[],
  id: string,
  /** Of this attempt, in milliseconds since the epoch. */
  at: number,
  body: string,
): Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string> {
  const timestamp = String(Math.floor(at / 1000));
  const signatures = secrets.map((secret) => {
    const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
    return `v1,${signature}`;
  });
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}

/** The secret's bytes; undefined when the text is not `whsec_` and the base64 of 24 to 64 bytes. */
export function parseSecret(text: string): Buffer | undefined {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1] ?? "";
  const bytes = Buffer.from(encoded, "base64");
  return bytes.length >= 24 && bytes.length <= 64 && bytes.toString("base64") === encoded ? bytes : undefined;
}
