import { resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../../../contract/errors.ts";
import { parseDocument, parseJson } from "../../../contract/parse.ts";
import type { Context } from "../../context.ts";
import { findDeployment, withEngine } from "../../deployments.ts";
import { NotFoundError, UsageError } from "../../errors.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { readTextFile } from "../../files.ts";
import { didYouMean } from "../../similar.ts";
import { knownStacks } from "../../stacks/state-dir.ts";

/** Takes a deployment down: everything that it rented, then its record. */
export async function run(context: Context, app: string): Promise<ExitCode> {
  const { output } = context;
  const appId = appIdOf(context, app);
  const deployment = await findDeployment(context, appId);
  if (deployment === undefined) {
    const known = knownStacks(context.stateDir);
    output.note(`"${appId}" is not deployed${didYouMean(appId, known)}; ${thereAre(known)}`);
  } else {
    await withEngine(context, `destroying ${appId}`, (options) => deployment.destroy(options));
  }
  // Programs are told the same, as ever: what they wanted is so.
  output.result({ result: "destroyed" }, () => [
    deployment === undefined
      ? "there is nothing to destroy"
      : `${output.strong(appId)} is destroyed; it costs nothing any more`,
  ]);
  return exitCodes.done;
}

const thereAre = (stacks: readonly string[]): string =>
  stacks.length === 0 ? "nothing is deployed" : `deployed are ${stacks.join(", ")}`;

// Of app.json only the id is read: an app that was broken since its deployment can still be destroyed.
const named = z.object({ app_id: z.string() });

function appIdOf({ cwd, stateDir }: Context, app: string): string {
  if (!/\.json$/i.test(app)) return app;
  const file = resolve(cwd, app);
  try {
    const text = readTextFile(file);
    if (text === undefined) throw new NotFoundError(`${file} does not exist`);
    return parseDocument(named, parseJson(text, file), file).app_id;
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    const message = `${cause.message}; give the app's id instead (${thereAre(knownStacks(stateDir))})`;
    throw cause instanceof NotFoundError ? new NotFoundError(message) : new UsageError(message, [], { cause });
  }
}
