import { join } from "node:path";
import { root } from "./paths.js";
import { SetupError } from "./setup-error.js";

/**
 * @typedef {object} Task
 * @property {"node" | "engine"} needs what is set up before it: Node 24 and the dependencies, or these and Pulumi
 * @property {"node" | "pulumi"} runs the program that is started
 * @property {string[]} args its first arguments; those of the command line follow
 * @property {boolean} inPlace whether it runs in the caller's folder instead of the repository's root
 */

/** @type {Record<string, Task>} */
const tasks = {
  demo: { needs: "engine", runs: "node", args: ["scripts/demo.ts"], inPlace: false },
  test: {
    needs: "engine",
    runs: "node",
    args: ["node_modules/vitest/vitest.mjs", "run", "--project=!system"],
    inPlace: false,
  },
  "test:system": {
    needs: "node",
    runs: "node",
    args: ["node_modules/vitest/vitest.mjs", "run", "--project=system"],
    inPlace: false,
  },
  check: { needs: "node", runs: "node", args: ["scripts/check.ts"], inPlace: false },
  format: {
    needs: "node",
    runs: "node",
    args: ["node_modules/@biomejs/biome/bin/biome", "check", "--write"],
    inPlace: false,
  },
  build: { needs: "node", runs: "node", args: ["scripts/build.ts"], inPlace: false },
  faults: { needs: "engine", runs: "node", args: ["test/faults/main.ts"], inPlace: false },
  fuzz: { needs: "node", runs: "node", args: ["test/fuzz/main.ts"], inPlace: false },
  crashes: { needs: "node", runs: "node", args: ["test/crashes/main.ts"], inPlace: false },
  bench: { needs: "engine", runs: "node", args: ["bench/main.ts"], inPlace: false },
  local: { needs: "node", runs: "node", args: ["local/main.ts"], inPlace: false },
  // A flag, even if it says what holds anyway, tells the gateway that it is not in a pod.
  gateway: {
    needs: "node",
    runs: "node",
    args: [join(root, "gateway/main.ts"), "--listen-host", "127.0.0.1"],
    inPlace: true,
  },
  pulumi: { needs: "engine", runs: "pulumi", args: [], inPlace: true },
  // For scripts/smoke_test_local_stack.sh.
  stack: { needs: "node", runs: "node", args: ["scripts/stack/main.ts"], inPlace: false },
  // Most of its commands need no engine; those that do ask for it themselves.
  cli: { needs: "node", runs: "node", args: [join(root, "cli/main.ts")], inPlace: true },
};

/**
 * @param {string} name as in package.json's scripts
 * @returns {Task}
 * @throws {SetupError} when there is none of that name
 */
export function taskOf(name) {
  const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  if (task === undefined) throw new SetupError(`no task "${name}"; there are ${Object.keys(tasks).join(", ")}`);
  return task;
}
