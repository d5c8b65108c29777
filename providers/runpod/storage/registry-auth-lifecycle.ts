import { z } from "zod";
import { UserError } from "../../../contract/errors.ts";
import type { RegistryAuth, RunPodApi } from "../api/api.ts";
import { connect } from "../api/connection.ts";
import { isRefusal } from "../api/errors.ts";
import { findOrCreate, persist } from "../api/lost-answers.ts";
import { IncompleteError, isUnknown, outputs, reasonOf } from "../engine/hook-values.ts";
import { inputFailures, optional, type Properties, parseInputs } from "./storage-inputs.ts";
import { namePattern, onlyOne, ownName } from "./storage-name.ts";

const schema = z.object({
  ownerSeed: z.string().min(1, "give the Owner's seed"),
  resourceName: z.string().min(1),
  authName: optional(z.string().regex(namePattern, "give a name that neither begins nor ends with a blank")),
  username: z.string().min(1, "give the user's name at the registry"),
  password: z.string(),
  /** Written by check, which keeps the first one: a renamed resource must not lose its credential. */
  ownName: z.string(),
});

type AuthInputs = z.output<typeof schema>;

/** What a credential's resource keeps beside its inputs. RunPod never shows username and password again. */
interface AuthState extends Pick<AuthInputs, "username" | "password"> {
  /** null until RunPod has answered. */
  registryAuthId: string | null;
  name: string;
  /** `incomplete` when it is not known which password RunPod has. */
  phase: "complete" | "incomplete";
}

// As for network volumes: what this run found to be the resource's own is never deleted as the one that was replaced.
const inUse = new Set<string>();

/** Runs at preview too. */
export function check(olds: Properties, news: Properties) {
  const inputs = { ...news, ownName: olds["ownName"] ?? ownName("registry-auth", news) };
  // Judged apart, for an error of the schema would show it.
  const { password, ...rest } = news;
  const failures = inputFailures(schema.omit({ password: true }), { ...rest, ownName: inputs.ownName });
  if (typeof password !== "string" || password === "") {
    failures.push({ property: "password", reason: "is not a text; give the registry's password or access token" });
  }
  return Promise.resolve({ inputs, failures });
}

/** Sees what was deleted by hand; another password at RunPod cannot be seen. */
export async function diff(olds: Properties, news: Properties, configKey: string | undefined) {
  const state = stateOf(olds);
  if (isUnknown(news)) return { changes: true };
  const inputs = parseInputs(schema, news);
  if (wantedName(inputs) !== state.name) return { changes: true, replaces: ["authName"], deleteBeforeReplace: false };
  if (state.registryAuthId === null) return { changes: true };
  if (await isGone(state.registryAuthId, configKey)) {
    return { changes: true, replaces: ["registryAuthId"], deleteBeforeReplace: false };
  }
  inUse.add(state.registryAuthId);
  return { changes: state.phase !== "complete" || !hasLogin(state, inputs) };
}

export async function create(properties: Properties, configKey: string | undefined) {
  const outs = await bringUp(connect(configKey), properties, undefined);
  return { id: outs.name, outs };
}

export async function update(olds: Properties, news: Properties, configKey: string | undefined) {
  return { outs: await bringUp(connect(configKey), news, stateOf(olds)) };
}

/** For `refresh`: an empty id says that the credential is gone. */
export async function read(id: string, properties: Properties, configKey: string | undefined) {
  const auth = recorded(stateOf(properties), await connect(configKey).listRegistryAuths());
  if (auth === undefined) return { id: "", props: {} };
  return { id, props: outputs({ ...properties, registryAuthId: auth.id }) };
}

/** A credential that is gone already counts as deleted. */
export async function remove(properties: Properties, configKey: string | undefined): Promise<void> {
  const api = connect(configKey);
  const find = async () => recorded(stateOf(properties), await api.listRegistryAuths());
  const auth = await find();
  if (auth === undefined) return;
  if (inUse.has(auth.id)) {
    console.warn(`registry credential "${auth.name}" (${auth.id}) was kept: this deployment uses it`);
    return;
  }
  try {
    await persist(
      () => api.deleteRegistryAuth(auth.id),
      async () => (await find()) === undefined,
    );
  } catch (error) {
    if (!isRefusal(error, "invalid")) throw error;
    throw new UserError(
      `registry credential "${auth.name}" (${auth.id}) was not deleted: ${error.message}; if a pod or template uses it, remove that first`,
      [],
      { cause: error },
    );
  }
}

/** Finds or creates the credential, and gives it the login. Its name, which never changes, is the resource's id. */
async function bringUp(api: RunPodApi, properties: Properties, former: AuthState | undefined) {
  const inputs = parseInputs(schema, properties);
  const { username, password } = inputs;
  const name = wantedName(inputs);
  let auth: RegistryAuth | undefined;
  try {
    const { found, isNew } = await findOrCreate(
      async () => recorded({ registryAuthId: null, name, ...former }, await api.listRegistryAuths()),
      () => api.createRegistryAuth(name, { username, password }),
    );
    auth = found;
    inUse.add(auth.id);
    if (!isNew) {
      // Which login RunPod has cannot be seen: after a lost answer it is sent again.
      await persist(
        () => api.updateRegistryAuth(found.id, { username, password }),
        () => Promise.resolve(false),
      );
    }
    return outputs({ ...properties, name, registryAuthId: auth.id, phase: "complete" });
  } catch (error) {
    // Nothing was created, or RunPod still has the former login.
    const isUnchanged = typeof former?.registryAuthId === "string" || auth === undefined;
    if (isUnchanged && !isRefusal(error, "transient")) throw error;
    const state = { name, registryAuthId: auth?.id ?? former?.registryAuthId ?? null, phase: "incomplete" };
    throw new IncompleteError(name, { ...properties, ...state }, reasonOf(error), { cause: error });
  }
}

const wantedName = ({ authName, ownName: own }: AuthInputs): string => authName ?? own;

const hasLogin = (state: AuthState, { username, password }: AuthInputs): boolean =>
  state.username === username && state.password === password;

/** The credential of that state: by its id, or by its name while the id is not known. */
function recorded(
  { registryAuthId, name }: Pick<AuthState, "registryAuthId" | "name">,
  auths: readonly RegistryAuth[],
): RegistryAuth | undefined {
  if (registryAuthId !== null) return auths.find(({ id }) => id === registryAuthId);
  return onlyOne(
    "registry credentials",
    auths.filter((auth) => auth.name === name),
  );
}

/** When RunPod does not answer, it counts as there. */
async function isGone(registryAuthId: string, configKey: string | undefined): Promise<boolean> {
  try {
    return (await connect(configKey).listRegistryAuths()).every(({ id }) => id !== registryAuthId);
  } catch (error) {
    if (!isRefusal(error, "transient")) throw error;
    console.warn(`${error.message}; whether registry credential ${registryAuthId} is there was not checked`);
    return false;
  }
}

const stateOf = (properties: Properties): AuthState => properties as unknown as AuthState;
