/** Logins that Docker keeps, read without Docker: `config.json`, and the credential helpers it names. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { documentError, UserError } from "../../../contract/errors.ts";
import type { Login } from "./login.ts";

type Env = Readonly<Record<string, string | undefined>>;

const entrySchema = z.looseObject({
  /** `user:password`, in base64. */
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});

/** Names a program, and so no path. */
const helperName = z.string().regex(/^[\w.-]*$/, "give the name of a credential helper");

const configSchema = z.looseObject({
  auths: z.record(z.string(), entrySchema).default({}),
  credsStore: helperName.optional(),
  credHelpers: z.record(z.string(), helperName).default({}),
});

const helperAnswer = z.object({ Username: z.string(), Secret: z.string() });

/** A helper may show a dialog, and somebody has to answer it. */
const helperTimeoutMs = 60_000;

/** @throws {UserError} when config.json or a helper is broken */
export async function dockerLogin(registry: string, env: Env): Promise<Login | undefined> {
  const { file, config } = await readDockerConfig(env);
  if (config === undefined) return undefined;
  const key = dockerKey(registry);
  const helper = config.credHelpers[key] ?? config.credsStore;
  if (helper) return askHelper(helper, key, env);
  const entry = config.auths[key] ?? Object.entries(config.auths).find(([name]) => hostOf(name) === registry)?.[1];
  return entry === undefined ? undefined : entryLogin(entry, file);
}

export const dockerConfigFolder = (env: Env): string =>
  env["DOCKER_CONFIG"] || join(env["HOME"] || homedir(), ".docker");

/** What Docker keeps a registry's login under. Its Hub's has a name of its own. */
export const dockerKey = (registry: string): string =>
  registry === "docker.io" ? "https://index.docker.io/v1/" : registry;

/**
 * @returns the file, and what is in it; undefined when there is none
 * @throws {UserError} when it is broken
 */
export async function readDockerConfig(
  env: Env,
): Promise<{ file: string; config: z.output<typeof configSchema> | undefined }> {
  const file = join(dockerConfigFolder(env), "config.json");
  try {
    return { file, config: parsed(configSchema, await readFile(file, "utf8"), file) };
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return { file, config: undefined };
    throw error;
  }
}

/** Its errors quote nothing: there are passwords in it. */
function parsed<T>(schema: z.ZodType<T>, json: string, subject: string): T {
  try {
    const { data, error } = schema.safeParse(JSON.parse(json));
    if (data !== undefined) return data;
    const [path, message] = [error?.issues[0]?.path.join(".") ?? "", "is not as Docker writes it"];
    throw documentError(subject, [{ path, message }]);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new UserError(`${subject} gives something else than JSON; mend it, or remove it`);
  }
}

/** Older versions of Docker wrote addresses: `https://ghcr.io/v1/`. */
const hostOf = (name: string): string => name.replace(/^https?:\/\//, "").replace(/\/.*$/s, "");

function entryLogin(
  { auth, identitytoken, ...login }: z.output<typeof entrySchema>,
  source: string,
): Login | undefined {
  if (identitytoken) return { source, identityToken: identitytoken };
  const [, username = login.username, password = login.password] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(auth ?? "", "base64").toString()) ?? [];
  return username && password ? { source, username, password } : undefined;
}

/** The protocol of docker-credential-helpers: `get`, the name on stdin, JSON on stdout, and what is wrong on stdout as well. */
async function askHelper(name: string, key: string, env: Env): Promise<Login | undefined> {
  const program = `docker-credential-${name}`;
  const { code, said } = await runHelper(program, key, env);
  if (code !== 0 && /credentials not found/i.test(said)) return undefined;
  if (code !== 0)
    throw new UserError(`${program} does not tell the login of ${key}: ${said.trim() || `it ended with ${code}`}`);
  const answer = parsed(helperAnswer, said, program);
  if (answer.Username === "<token>") return { source: program, identityToken: answer.Secret };
  return { source: program, username: answer.Username, password: answer.Secret };
}

async function runHelper(program: string, input: string, env: Env): Promise<{ code: number | string; said: string }> {
  const child = spawn(program, ["get"], {
    env,
    stdio: ["pipe", "pipe", "ignore"],
    timeout: helperTimeoutMs,
  });
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once("error", (cause) => {
      reject(
        new UserError(`${program}, which Docker's config names, cannot be started: ${cause.message}`, [], { cause }),
      );
    });
    child.once("close", (code, signal) => resolve(code ?? signal ?? "nothing"));
  });
  // It may end without reading.
  child.stdin.on("error", () => undefined).end(input);
  const [code, said] = await Promise.all([ended, text(child.stdout)]);
  return { code, said };
}
