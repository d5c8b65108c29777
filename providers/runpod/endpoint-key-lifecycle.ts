import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { firstKeyName, keyList, keyNamePattern, type Scope, scopes } from "../../contract/api.ts";
import { UserError } from "../../contract/errors.ts";
import { runCanceled } from "./engine/engine-alive.ts";
import { isUnknown, outputs } from "./engine/hook-values.ts";
import { type AdminAnswer, type Administered, askGateway } from "./pod/gateway-admin.ts";

type Properties = Record<string, unknown>;

interface KeyInputs extends Administered {
  podId: string;
  /** What the gateway calls the key; check has filled it in. */
  keyName: string;
  scopes: Scope[];
  rotation?: string;
}

interface KeyState extends KeyInputs {
  key: string;
}

/** Waits before a silent gateway is asked once more, in milliseconds. One that is being deployed starts anew for a while. */
const pausesMs = { register: [1000, 2000, 4000, 8000, 15_000], revoke: [1000, 2000] };

/** Runs at preview too. The key's name is the resource's, and stays so when that is renamed. */
export function check(olds: Properties, news: Properties) {
  const ownName = olds["ownName"] ?? news["resourceName"];
  const keyName = news["keyName"] ?? ownName;
  const failures: { property: string; reason: string }[] = [];
  const fail = (property: string, reason: string): void => void failures.push({ property, reason });
  if (!isUnknown(keyName)) {
    if (typeof keyName !== "string" || !keyNamePattern.test(keyName)) {
      fail("keyName", "give letters, digits, ., _ and -, beginning with a letter or digit, at most 64");
    } else if (keyName === firstKeyName) {
      fail("keyName", `"${firstKeyName}" is the endpoint's own key; give another name`);
    }
  }
  const given = news["scopes"];
  if (!isUnknown(given)) {
    const list: unknown[] = Array.isArray(given) ? given : [];
    const areKnown = list.every((each) => scopes.some((scope) => scope === each));
    if (list.length === 0 || !areKnown || new Set(list).size < list.length) {
      fail("scopes", `give one or more of ${scopes.join(", ")}, each once`);
    }
  }
  return Promise.resolve({ inputs: { ...news, ownName, keyName }, failures });
}

/** Asks the gateway once whether it has the key as it should be: another pod, or another hand, may have lost it. */
export async function diff(olds: Properties, news: Properties) {
  const replaces = ["keyName", "rotation"].filter((name) => olds[name] !== news[name] && !isUnknown(news[name]));
  if (replaces.length > 0) return { changes: true, replaces, deleteBeforeReplace: false };
  if (isUnknown(news)) return { changes: true };
  const isOther = ["endpointUrl", "podId", "adminKey"].some((name) => olds[name] !== news[name]);
  if (isOther || !sameScopes(olds["scopes"], news["scopes"])) return { changes: true };
  const state = stateOf(olds);
  const answer = await askGateway(state, "keys");
  if (answer.kind === "ok") return { changes: !isRegistered(answer, state) };
  console.warn(`whether key "${state.keyName}" is good at ${state.endpointUrl} was not checked: ${reasonOf(answer)}`);
  return { changes: false };
}

export async function create(properties: Properties) {
  const inputs = properties as unknown as KeyInputs;
  const state: KeyState = { ...inputs, key: randomBytes(32).toString("base64url") };
  await register(state);
  return { id: `endpoint-key-${randomBytes(4).toString("hex")}`, outs: outputs(state) };
}

/** The key stays what it was. A pod that was replaced takes the old gateway's word with it when it goes. */
export async function update(olds: Properties, news: Properties) {
  const state = { ...(news as unknown as KeyInputs), key: stateOf(olds).key };
  await register(state);
  return { outs: outputs(state) };
}

/** A key whose gateway is gone is no key any more. One that was given another key under the same name keeps that. */
export async function remove(properties: Properties): Promise<void> {
  const state = stateOf(properties);
  const known = await persist(pausesMs.revoke, () => askGateway(state, "keys"));
  if (known.kind === "ok" && !isNamed(known, state)) return;
  const answer =
    known.kind === "ok"
      ? await persist(pausesMs.revoke, () => askGateway(state, "deleteKey", { name: state.keyName }))
      : known;
  if (answer.kind === "ok" || (answer.kind === "refused" && answer.status === 404)) return;
  if (answer.kind === "refused") throw refused(state, answer);
  console.warn(
    `key "${state.keyName}" was not revoked: ${state.endpointUrl} does not answer (${answer.reason}); if its pod ever runs again, revoke it there with DELETE /admin/keys/${state.keyName}`,
  );
}

async function register(state: KeyState): Promise<void> {
  const registration = { sha256: hashOf(state.key), scopes: state.scopes };
  const answer = await persist(pausesMs.register, () =>
    askGateway(state, "putKey", { name: state.keyName }, registration),
  );
  if (answer.kind === "ok") return;
  if (answer.kind === "refused") throw refused(state, answer);
  throw new UserError(
    `key "${state.keyName}" was not registered: ${state.endpointUrl} does not answer (${answer.reason}); is the endpoint ready?`,
  );
}

function refused({ keyName, endpointUrl }: KeyState, { status, detail }: AdminAnswer & { kind: "refused" }): UserError {
  const subject = `key "${keyName}" at ${endpointUrl}: the gateway answered ${status} (${detail})`;
  if (status === 401 || status === 403) {
    return new UserError(`${subject}; set "adminKey" to the endpoint's apiKey, or to a key with the scope admin`);
  }
  if (status === 404) return new UserError(`${subject}; its image is too old for named keys, deploy a newer one`);
  return new UserError(subject);
}

async function persist(pauses: readonly number[], ask: () => Promise<AdminAnswer>): Promise<AdminAnswer> {
  let answer = await ask();
  for (const pause of pauses) {
    if (answer.kind !== "silent" || runCanceled()) break;
    await sleep(pause);
    answer = await ask();
  }
  return answer;
}

const keysIn = ({ body }: { body: unknown }) => keyList.parse(body).items;

const isNamed = (answer: { body: unknown }, { keyName, key }: KeyState): boolean =>
  keysIn(answer).some(({ name, sha256 }) => name === keyName && sha256 === hashOf(key));

const isRegistered = (answer: { body: unknown }, state: KeyState): boolean =>
  isNamed(answer, state) &&
  keysIn(answer).some((key) => key.name === state.keyName && sameScopes(key.scopes, state.scopes));

const sameScopes = (a: unknown, b: unknown): boolean => scopesText(a) === scopesText(b);

const scopesText = (list: unknown): string => (Array.isArray(list) ? list.map(String).sort().join(" ") : "");

const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");

const stateOf = (properties: Properties): KeyState => properties as unknown as KeyState;

const reasonOf = (answer: AdminAnswer): string =>
  answer.kind === "refused" ? answer.detail : answer.kind === "silent" ? answer.reason : "";
