import { createHash } from "node:crypto";
import type { Scope } from "../../contract/api.ts";
import type { TestGateway } from "./gateway.ts";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Registers a key whose text is `<name>-key`. */
export async function registerKey(gateway: TestGateway, name: string, scopes: readonly Scope[]): Promise<string> {
  const key = `${name}-key`;
  const body = JSON.stringify({ sha256: sha256(key), scopes });
  const response = await gateway.request(`/admin/keys/${name}`, { method: "PUT", body });
  if (response.status >= 300) throw new Error(`key ${name}: ${response.status} ${await response.text()}`);
  return key;
}
