import { documentError } from "../../contract/errors.ts";
import { podEnv } from "../../contract/pod-env.ts";
import { parseSecret } from "../webhooks/signature.ts";

/**
 * The secret that webhooks are signed with.
 * @throws {UserError} which does not show it
 */
export function webhookSecret(text: string | undefined): Buffer | null {
  if (text === undefined) return null;
  const secret = parseSecret(text.trim());
  if (secret !== undefined) return secret;
  const message = 'is no secret of Standard Webhooks; give "whsec_" and the base64 of 24 to 64 bytes';
  throw documentError("the environment", [{ path: podEnv.webhookSecret, message }]);
}
