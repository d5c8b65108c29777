import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Inputs } from "../support/program-stack.ts";
import type { PulumiRun, StartedRun } from "../support/stack.ts";
import { until } from "../support/until.ts";
import {
  comesForNobody,
  countProblems,
  isHiccup,
  isLate,
  killsEngine,
  leftProblems,
  type ResourceType,
  takenAway,
} from "./expectations.ts";
import { resourcesOf } from "./kinds.ts";
import type { Cell } from "./matrix.ts";
import { begin, kindOfPhase, prepare, wanted } from "./phases.ts";
import { descendantsOf, endAll, isAlive } from "./processes.ts";
import { createStrike } from "./strike.ts";

export interface CellResult {
  /** What is wrong; empty when nothing is. */
  problems: string[];
  /** Names of the operations that RunPod saw from the broken run on. */
  seen: string[];
  /** What Pulumi wrote. */
  log: string;
}

const longestMs = 180_000;
// No pause of ours between two requests is longer, unless RunPod stumbles.
const quietMs = 2500;

/**
 * Breaks one operation of one run, goes on as a user would, and looks at what RunPod has in the end.
 * @param signal breaks it off; nothing is left running then either
 */
export async function runCell(cell: Cell, signal?: AbortSignal): Promise<CellResult> {
  const { phase } = cell.operation;
  const kind = kindOfPhase(phase);
  const strike = createStrike(cell);
  const seen = new Set<string>();
  const problems: string[] = [];
  let log = "";
  let lastSeen = performance.now();
  let current: StartedRun | undefined;

  const over = AbortSignal.any([AbortSignal.timeout(longestMs), ...(signal === undefined ? [] : [signal])]);
  const stack = await kind.start({
    watch: (moment) => {
      if (current !== undefined) seen.add(moment.name);
      lastSeen = performance.now();
      if (moment.moment === "done" && moment.isMutation && !isLate(cell)) noteDoubles();
      return strike.watch(moment);
    },
    env: { COMFY_ENDPOINTS_RUNPOD_TIMEOUT_SECONDS: cell.fault === "timeout" ? "2" : "120" },
  });
  const resources = () => resourcesOf(stack.runpod.account);
  /** What is rented although there is one of its name already is billed twice, if only for moments. */
  const noteDoubles = (): void => {
    const names = resources().map(({ type, name }) => `${type} ${name}`);
    const double = names.find((name, at) => names.indexOf(name) < at);
    if (double !== undefined) problems.push(`there are two of ${double}`);
  };
  const run = async (what: string, started: StartedRun): Promise<PulumiRun> => {
    current = started;
    const ended = await started.ended;
    over.throwIfAborted();
    log += `--- ${what}: exit code ${ended.code}\n${ended.output}`;
    return ended;
  };
  const must = async (what: string, started: StartedRun): Promise<string> => {
    const { code, output } = await run(what, started);
    if (code !== 0) problems.push(`${what} fails`);
    return output;
  };
  const expectResources = (when: string, types: ResourceType[]): void => {
    problems.push(...countProblems(when, types, resources()));
  };
  /** What a killed engine left has done all that it will do. */
  const settle = (): Promise<void> =>
    until("what is left is quiet", () => !strike.left.some(isAlive) || performance.now() - lastSeen > quietMs);

  const play = async (): Promise<void> => {
    await prepare(stack, phase);
    const broken = begin(stack, phase);
    current = broken;
    strike.arm(stack.runpod, broken);
    const { code } = await run(`${phase} with ${cell.fault}`, broken);
    strike.disarm();
    if (!strike.hasHappened()) problems.push("the operation did not come");
    if (killsEngine(cell)) {
      if (mendState(stack.folder)) log += "--- what the killed engine left of its state was mended\n";
      await must("cancel", stack.start("cancel", "--yes"));
    } else if (isHiccup(cell) && code !== 0) problems.push("one hiccup of RunPod's made the run fail");

    if (cell.ending === "up") await goOn();
    const state = killsEngine(cell) ? await stack.state() : "";
    const output = await must("destroy", stack.start("destroy", "--yes", "--skip-preview"));
    strike.release();
    await settle();
    problems.push(...leftProblems(cell, resources(), state, output));
  };
  const goOn = async (): Promise<void> => {
    const { startUp, mutations, runpod } = stack;
    await must("up", startUp(wanted(phase)));
    strike.release();
    await settle();
    const types = Object.keys(kind.outputs) as ResourceType[];
    const [taken, nobodys] = [takenAway(cell), comesForNobody(cell)];
    if (taken !== undefined) {
      expectResources(
        "after what came late",
        types.filter((type) => type !== taken),
      );
      await must("the mending up", startUp(wanted(phase)));
    }
    const expected = nobodys === undefined ? types : [...types, nobodys];
    expectResources("after up", expected);
    problems.push(...nameProblems(await stack.outputs()), ...inputProblems(kind.actual(runpod.account)));
    mutations();
    await must("another up", startUp(wanted(phase)));
    const again = mutations();
    if (again.length > 0) problems.push(`another up changes something: ${again.join(", ")}`);
    expectResources("after another up", expected);
  };
  const nameProblems = (outputs: Record<string, unknown>): string[] =>
    Object.entries(kind.outputs).flatMap(([type, output]) => {
      const id = outputs[output];
      if (resources().some((resource) => resource.type === type && resource.id === id)) return [];
      return [`the output ${output} names ${String(id)}, which is no ${type}`];
    });
  const inputProblems = (actual: Inputs): string[] =>
    Object.entries(wanted(phase)).flatMap(([name, value]) =>
      name in actual && actual[name] !== value
        ? [`${name} is ${String(actual[name])} instead of ${String(value)}`]
        : [],
    );

  try {
    await Promise.race([play(), aborted(over)]);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    strike.release();
    if (current !== undefined && isAlive(current.pid)) endAll([...(await descendantsOf(current.pid)), current.pid]);
    endAll(strike.left);
    await stack.close();
  }
  return { problems, seen: [...seen], log };
}

/**
 * Beside its state, which is always whole, Pulumi keeps a file that an engine which is killed meanwhile leaves empty. No
 * command works then, until a user removes it.
 * @returns whether it was so
 */
function mendState(folder: string): boolean {
  const file = join(folder, "backend/.pulumi/stacks/comfy-endpoints/test.json.attrs");
  if (readFileSync(file, "utf8") !== "") return false;
  rmSync(file);
  return true;
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));
