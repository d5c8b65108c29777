import { parseArgs } from "node:util";
import { UserError } from "../contract/errors.ts";

/** What each flag of the gateway alone means. */
const meanings = {
  app: ["app.json", "the app whose workflow is served; instead of the next two"],
  "contract-path": ["FILE", "the workflow's contract"],
  "workflow-path": ["FILE", "the workflow, in API format"],
  "comfy-url": ["URL", "a ComfyUI that runs already (http://127.0.0.1:8188)"],
  "comfy-folder": ["DIR", "that ComfyUI's folder, if it is on this machine: what it saves is read there"],
  "listen-host": ["HOST", "address to listen on (127.0.0.1)"],
  "listen-port": ["PORT", "port to listen on; 0 takes a free one (3000)"],
  "state-db": ["FILE", "database of jobs, with uploaded and generated files beside it"],
  "app-id": ["ID", "what files are labeled with"],
} as const satisfies Record<string, readonly [value: string, meaning: string]>;

export type Flags = Partial<Record<keyof typeof meanings, string>>;

/** A flag that cannot be followed. */
export class FlagError extends UserError {}

/**
 * The flags of a command line, the last one of a name winning; undefined when help is wanted.
 * @throws {FlagError}
 */
export function readFlags(words: readonly string[]): Flags | undefined {
  const names = Object.keys(meanings);
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  const { tokens } = parseArgs({ args: [...words], options, strict: false, tokens: true, allowPositionals: true });
  const flags: Record<string, string> = {};
  for (const token of tokens) {
    if (token.kind !== "option") throw new FlagError(`${words[token.index] ?? ""} is not a flag; ${all}`);
    const { name, rawName, value } = token;
    if (name === "help" || name === "h") return undefined;
    if (name === "api-key") throw new FlagError(keyIsNoFlag);
    if (!names.includes(name)) throw new FlagError(`${rawName} is not a flag of the gateway; ${all}`);
    if (value === undefined || value === "" || /^--?[a-z]/.test(value)) {
      throw new FlagError(`${rawName} lacks its value`);
    }
    flags[name] = value;
  }
  return flags;
}

const all = `there are ${Object.keys(meanings)
  .map((name) => `--${name}`)
  .join(", ")}`;

const keyIsNoFlag =
  "--api-key would show the key to everybody who lists processes; set COMFY_ENDPOINTS_API_KEY in the environment";

const rows = Object.entries(meanings).map(([name, [value, meaning]]) => [`--${name} ${value}`, meaning] as const);
const width = Math.max(...rows.map(([flag]) => flag.length));

export const help = `usage: npm run gateway -- [flags]

Serves one ComfyUI workflow as an HTTP API. The API's key is read from COMFY_ENDPOINTS_API_KEY.

${rows.map(([flag, meaning]) => `  ${flag.padEnd(width)}  ${meaning}`).join("\n")}
`;
