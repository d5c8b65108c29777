import { type PodStack, startPodStack } from "../support/pod-stack.ts";
import type { PulumiRun, StartedRun } from "../support/stack.ts";
import { until } from "../support/until.ts";
import { type Cell, isLate, takesPodAway } from "./matrix.ts";
import { begin, phases, prepare, wanted } from "./phases.ts";
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
  const strike = createStrike(cell);
  const seen = new Set<string>();
  const problems: string[] = [];
  let log = "";
  let lastSeen = performance.now();
  let current: StartedRun | undefined;

  const over = AbortSignal.any([AbortSignal.timeout(longestMs), ...(signal === undefined ? [] : [signal])]);
  const stack = await startPodStack(
    {
      watch: (moment) => {
        if (current !== undefined) seen.add(moment.name);
        lastSeen = performance.now();
        if (moment.moment === "done" && moment.isMutation && !isLate(cell)) noteDoubles();
        return strike.watch(moment);
      },
    },
    cell.fault === "timeout" ? { COMFY_ENDPOINTS_RUNPOD_TIMEOUT_SECONDS: "2" } : {},
  );
  /** A pod that is rented although there is one of its name already is billed twice, if only for moments. */
  const noteDoubles = (): void => {
    const names = stack.runpod.account.pods().map(({ name }) => name);
    const double = names.find((name, at) => names.indexOf(name) < at);
    if (double !== undefined) problems.push(`two pods are named ${double}`);
  };
  const run = async (what: string, started: StartedRun): Promise<PulumiRun> => {
    current = started;
    const ended = await started.ended;
    over.throwIfAborted();
    log += `--- ${what}: exit code ${ended.code}\n${ended.output}`;
    return ended;
  };
  const must = async (what: string, started: StartedRun): Promise<void> => {
    const { code } = await run(what, started);
    if (code !== 0) problems.push(`${what} fails`);
  };
  const expectPods = (when: string, count: number): void => {
    const pods = stack.runpod.account.pods();
    if (pods.length === count) return;
    problems.push(`${when}: ${pods.length} pods instead of ${count} (${pods.map(({ id }) => id).join(", ")})`);
  };
  /** What a killed engine left has done all that it will do. */
  const settle = (): Promise<void> =>
    until("what is left is quiet", () => !strike.left.some(isAlive) || performance.now() - lastSeen > quietMs);

  const play = async (): Promise<void> => {
    await prepare(stack, cell.operation.phase);
    const broken = begin(stack, cell.operation.phase);
    current = broken;
    strike.arm(stack.runpod, broken);
    const { code } = await run(`${cell.operation.phase} with ${cell.fault}`, broken);
    strike.disarm();
    if (!strike.hasHappened()) problems.push("the operation did not come");
    if (needsCancel(cell)) await run("cancel", stack.start("cancel", "--yes"));
    else if (isHiccup(cell) && code !== 0) problems.push("one hiccup of RunPod's made the run fail");

    if (cell.ending === "up") await goOn(stack);
    await must("destroy", stack.start("destroy", "--yes", "--skip-preview"));
    strike.release();
    await settle();
    expectPods("in the end", 0);
  };
  const goOn = async ({ startUp, podOutputs, mutations, runpod }: PodStack): Promise<void> => {
    await must("up", startUp(wanted(cell.operation.phase)));
    strike.release();
    await settle();
    if (takesPodAway(cell)) {
      expectPods("after what came late", 0);
      await must("the mending up", startUp(wanted(cell.operation.phase)));
    }
    expectPods("after up", 1);
    const { podId } = await podOutputs();
    const pod = runpod.account.pod(podId);
    if (pod === undefined) problems.push(`the outputs name ${podId}, which is none of the pods`);
    const image = phases[cell.operation.phase].to ?? {};
    if ("image" in image && pod?.job.imageName !== image.image)
      problems.push(`the pod runs ${pod?.job.imageName ?? ""}`);
    mutations();
    await must("another up", startUp(wanted(cell.operation.phase)));
    const again = mutations();
    if (again.length > 0) problems.push(`another up changes something: ${again.join(", ")}`);
    expectPods("after another up", 1);
  };

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

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));

const needsCancel = ({ fault }: Cell): boolean => fault.startsWith("SIGKILL") || fault.startsWith("SIGINT twice");

/** Happens once, and is over: a deployment does not fail for it. */
const isHiccup = ({ fault }: Cell): boolean => !fault.startsWith("SIGINT") && fault !== "outage from here";
