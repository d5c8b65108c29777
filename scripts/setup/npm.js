import { basename } from "node:path";
import { capture } from "./capture.js";
import { onMachine, root } from "./paths.js";
import { SetupError } from "./setup-error.js";

/**
 * Runs npm in the repository, with a Node from outside of it: the one in node_modules is replaced by what npm does.
 * @param {string[]} args
 * @param {{env: NodeJS.ProcessEnv, signal?: AbortSignal, onStart: (pid: number) => void}} options
 * @throws {SetupError} when npm fails; its whole output has then been printed
 */
export async function npm(args, { env, signal, onStart }) {
  const node = process.execPath.startsWith(`${root}/`) ? onMachine("node", env)[0] : process.execPath;
  const script = env.npm_execpath;
  // yarn and pnpm set npm_execpath too, to themselves.
  const [command = "", ...rest] =
    node !== undefined && script !== undefined && basename(script) === "npm-cli.js"
      ? [node, script, ...args]
      : ["npm", ...args];
  const run = await capture(command, rest, { cwd: root, env, signal, onStart });
  if (run.failure !== undefined) {
    throw new SetupError("npm was not found on PATH; install Node.js with npm from https://nodejs.org");
  }
  if (run.code === 0) return;
  process.stderr.write(run.output);
  throw new SetupError(`npm ${args.join(" ")} failed in ${root}; npm's own words are above`);
}
