import { documentError } from "../../contract/errors.ts";
import { podEnv } from "../../contract/pod-env.ts";
import { parseSecret } from "../webhooks/signature.ts";

/**
 * The secrets that webhooks are signed with: while one is changed for another, both.
 * @throws {UserError} which does not show them
 */
export function webhookSecrets(text = ""): readonly Buffer[] {
  const secrets = text.split(/\s+/).flatMap((word) => (word === "" ? [] : [parseSecret(word)]));
  if (secrets.every((secret) => secret !== undefined)) return secrets;
  const message = 'is no secret of Standard Webhooks; give "whsec_" and the base64 of 24 to 64 bytes';
  throw documentError("the environment", [{ path: podEnv.webhookSecret, message }]);
}
