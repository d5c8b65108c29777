import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { clientCode, type Language } from "../api-client/generate.ts";
import { readApi } from "../api-client/schemas.ts";
import type { Context } from "../context.ts";
import { openClient } from "../endpoint.ts";
import { type ExitCode, exitCodes } from "../exit-code.ts";

export interface ClientOptions {
  /** File to write; the code is printed when it is left out. */
  out?: string;
}

/** Writes a typed client for one endpoint, from what that says of itself. */
export async function run(
  context: Context,
  language: Language,
  appId: string,
  { out }: ClientOptions,
): Promise<ExitCode> {
  const client = await openClient(context, appId);
  const code = clientCode(language, readApi(await client.openApi(), `GET ${client.url}/openapi.json`));
  if (out === undefined) {
    context.output.text(code);
    return exitCodes.done;
  }
  const path = resolve(context.cwd, out);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, code);
  context.output.result({ app_id: appId, language, out: path }, () => [context.output.strong(path)]);
  return exitCodes.done;
}
