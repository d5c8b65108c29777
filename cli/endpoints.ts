import { UserError } from "../contract/errors.ts";
import type { Client } from "./client.ts";
import { rememberedApps } from "./completion/contracts.ts";
import type { Context } from "./context.ts";
import { deployedApps } from "./deployments.ts";
import { addressedApps, addressOf, openClient, variableOf } from "./endpoint.ts";
import { NotFoundError, UnauthorizedError } from "./errors.ts";
import { type ExitCode, exitCodeFor, exitCodes } from "./exit-code.ts";
import { engineHere } from "./stacks/engine.ts";
import { knownStacks, usesSharedBackend } from "./stacks/state-dir.ts";

/** What one of several endpoints answered, or why it did not. */
export type Answer<T> = { appId: string } & ({ value: T; error?: never } | { error: UserError });

/** Ids of all apps with an endpoint, sorted: those that are deployed, and those whose address the environment tells. */
export async function knownApps(context: Context): Promise<string[]> {
  const deployed = await deployedApps(context);
  const isDeployed = (app: string) => deployed.some((other) => variableOf(other) === variableOf(app));
  return [...deployed, ...addressedApps(context).filter((app) => !isDeployed(app))].sort();
}

/** Apps with an endpoint as far as files and the environment tell, sorted: neither Pulumi nor an endpoint is asked. */
export const appsKnownHere = (context: Context): string[] =>
  [...new Set([...knownStacks(context.stateDir), ...addressedApps(context), ...rememberedApps(context)])].sort();

/** Whether there is an endpoint of that name: files and the environment tell, else a backend that others deploy to, too. */
export async function isKnown(context: Context, appId: string): Promise<boolean> {
  if (addressOf(context, appId) !== undefined || appsKnownHere(context).includes(appId)) return true;
  // A mistyped command is no reason to fetch an engine.
  const mayAsk = usesSharedBackend(context.env) && (await engineHere(context.env)) !== undefined;
  return mayAsk && (await deployedApps(context)).includes(appId);
}

/**
 * Asks the endpoint of an app, or of every app when none is named; one that fails does not keep the others from being
 * heard. A single one's failure is thrown.
 * @throws {NotFoundError} when there is no endpoint
 */
export async function askEndpoints<T>(
  context: Context,
  appId: string | undefined,
  ask: (client: Client) => Promise<T>,
): Promise<Answer<T>[]> {
  const apps = appId === undefined ? await knownApps(context) : [appId];
  if (apps.length === 0) throw new NotFoundError("nothing is deployed; deploy an app first: cend deploy <app.json>");
  const answers = await Promise.all(
    apps.map(async (app): Promise<Answer<T>> => {
      try {
        return { appId: app, value: await ask(await openClient(context, app)) };
      } catch (error) {
        if (error instanceof UserError) return { appId: app, error };
        throw error;
      }
    }),
  );
  const [only] = answers;
  if (answers.length === 1 && only?.error !== undefined) throw only.error;
  return answers;
}

/** The answers that came. */
export const valuesOf = <T>(answers: readonly Answer<T>[]): { appId: string; value: T }[] =>
  answers.flatMap((answer) => (answer.error === undefined ? [{ appId: answer.appId, value: answer.value }] : []));

/** The endpoints that failed, as documents report them: nothing when none did. */
export function reportedErrors(answers: readonly Answer<unknown>[]): { errors?: { app_id: string; error: string }[] } {
  const errors = answers.flatMap(({ appId, error }) =>
    error === undefined ? [] : [{ app_id: appId, error: error.message }],
  );
  return errors.length === 0 ? {} : { errors };
}

/** What a list of answers ends the command with: that no endpoint answered is told by the reason, where they all have one. */
export function exitCodeOfAll(answers: readonly Answer<unknown>[]): ExitCode {
  const codes = new Set(answers.map(({ error }) => (error === undefined ? exitCodes.done : exitCodeFor(error))));
  if (codes.has(exitCodes.done)) return exitCodes.done;
  const [code = exitCodes.failed, ...others] = codes;
  return others.length === 0 ? code : exitCodes.failed;
}

/**
 * The first endpoint's answer that came.
 * @param what was asked for, as an error calls it
 * @throws {NotFoundError} when every endpoint says that it is not there
 * @throws {UserError} when some endpoint may have it but could not be asked
 */
export function firstOf<T>(answers: readonly Answer<T>[], what: string): { appId: string; value: T } {
  const [found] = valuesOf(answers);
  if (found !== undefined) return found;
  const failed = answers.filter(({ error }) => error !== undefined && !isMissing(error));
  if (failed.length > 0) {
    const reasons = failed.map(({ appId, error }) => `${appId}: ${error?.message}`).join("\n  ");
    const Kind = exitCodeOfAll(failed) === exitCodes.unauthorized ? UnauthorizedError : UserError;
    throw new Kind(`${what} was not found, but not every endpoint answered:\n  ${reasons}`);
  }
  throw new NotFoundError(`no endpoint has ${what}; asked were ${answers.map(({ appId }) => appId).join(", ")}`);
}

const isMissing = (error: UserError): boolean => "status" in error && error.status === 404;
