import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PodStack, startPodStack } from "../../support/pod-stack.ts";
import { until } from "../../support/until.ts";

/** One stack, in the order in which it happens. */
describe("a pod whose container does not start", () => {
  let stack: PodStack;
  beforeAll(async () => {
    stack = await startPodStack({ pullMs: 1_000_000 });
  });
  afterAll(() => stack.close());

  const pods = () => stack.runpod.account.pods();
  const impatient = { startTimeoutSeconds: 1 };
  let podId: string;

  it("is stopped when its time is up, so that it costs its storage only, and says so", async () => {
    const run = await stack.up(impatient);
    expect(run.code).not.toBe(0);
    expect(pods()).toMatchObject([{ desiredStatus: "EXITED" }]);
    podId = pods()[0]?.id ?? "";
    expect(run.output).toContain(`pod ${podId} had no container after 1 s`);
    expect(run.output).toContain(
      `pod ${podId} was stopped, so it costs only its storage; the next pulumi up starts it again`,
    );
  });

  it("runs on when it is to be kept, and says what it costs", async () => {
    const run = await stack.up({ ...impatient, onFailed: "keep" });
    expect(pods()).toMatchObject([{ id: podId, desiredStatus: "RUNNING" }]);
    expect(run.output).toContain(`pod ${podId} was kept: it runs on and costs 0.24 USD per hour`);
  });

  it("is waited for no longer after Ctrl-C, and runs on", async () => {
    const run = stack.startUp();
    const before = stack.runpod.operations.all().length;
    const asked = () =>
      stack.runpod.operations
        .all()
        .slice(before)
        .filter(({ name }) => name === "pod").length;
    await until("its container is waited for", () => asked() > 2);
    run.kill("SIGINT");
    const { output } = await run.ended;
    expect(output).toContain(
      `the deployment was interrupted while pod ${podId} was starting; it runs on and costs 0.24 USD per hour`,
    );
    expect(pods()).toMatchObject([{ id: podId, desiredStatus: "RUNNING" }]);
  });

  it("is terminated when that is wanted; the next up rents another one", async () => {
    const run = await stack.up({ ...impatient, onFailed: "terminate" });
    expect(run.output).toContain(`pod ${podId} was terminated and costs nothing any more`);
    expect(pods()).toEqual([]);
    await stack.up(impatient);
    expect(pods()).toMatchObject([{ desiredStatus: "EXITED" }]);
  });

  it("is removed by destroy", async () => {
    const run = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect(run.code, run.output).toBe(0);
    expect(pods()).toEqual([]);
  });
});
