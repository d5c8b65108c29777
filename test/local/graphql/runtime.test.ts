import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type StartedRunPod, startLocalRunPod } from "../../support/local-runpod.ts";
import { until } from "../../support/until.ts";
import { mutate, podOf, rent, withoutContainers } from "../renting.ts";

let runpod: StartedRunPod;
beforeEach(() => {
  // The clock stands still, for what is reported goes by it; timers run.
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await runpod.close();
});

const later = (milliseconds: number): unknown => vi.setSystemTime(Date.now() + milliseconds);

const start = async (options: Parameters<typeof startLocalRunPod>[0] = {}): Promise<string> => {
  runpod = await startLocalRunPod({ ...withoutContainers, ...options });
  return rent(runpod);
};
/** Tells the account what its host would tell it. */
const containerStarts = (id: string, generation = 1): void =>
  runpod.account.report(id, { type: "container started", generation, ports: { 22: 41_022, 8080: 41_080 } });
const runtimeOf = async (id: string) => {
  const pod = await podOf(
    runpod,
    id,
    "runtime { uptimeInSeconds ports { ip isIpPublic privatePort publicPort type } gpus { gpuUtilPercent } }",
  );
  return (pod as { runtime: { ports: unknown[] } | null }).runtime;
};

describe("what a pod shows of its container", () => {
  it("is nothing before it runs; then its uptime and its ports, tcp in public, http through the proxy (documented)", async () => {
    const id = await start();
    expect(await runtimeOf(id)).toBeNull();
    containerStarts(id);
    expect(await runtimeOf(id)).toEqual({
      uptimeInSeconds: 0,
      ports: [
        { ip: "100.65.0.1", isIpPublic: false, privatePort: 8080, publicPort: 60_080, type: "http" },
        { ip: "127.0.0.1", isIpPublic: true, privatePort: 22, publicPort: 41_022, type: "tcp" },
      ],
      gpus: [{ gpuUtilPercent: 0 }],
    });
  });

  it("comes later than the container, and its ports later still (documented)", async () => {
    const id = await start({ reporting: { runtimeMs: 1000, portsMs: 500 } });
    containerStarts(id);
    later(999);
    expect(await runtimeOf(id)).toBeNull();
    later(1);
    expect(await runtimeOf(id)).toMatchObject({ uptimeInSeconds: 1, ports: [] });
    later(500);
    expect((await runtimeOf(id))?.ports).toHaveLength(2);
  });

  it("is still there for a while after a stop: out of date (documented)", async () => {
    const id = await start({ reporting: { staleRuntimeMs: 300 } });
    containerStarts(id);
    await mutate(runpod, "podStop", { podId: id });
    later(299);
    expect((await runtimeOf(id))?.ports).toHaveLength(2);
    later(1);
    expect(await runtimeOf(id)).toBeNull();
    expect(await podOf(runpod, id, "desiredStatus")).toEqual({ desiredStatus: "EXITED" });
  });

  it("is gone at once when the container is replaced, and a report about the old one changes nothing", async () => {
    const id = await start();
    containerStarts(id);
    await mutate(runpod, "podEditJob", { podId: id, imageName: "example/image:2", containerDiskInGb: 20 });
    expect(await runtimeOf(id)).toBeNull();
    containerStarts(id, 1);
    expect(await runtimeOf(id)).toBeNull();
    containerStarts(id, 2);
    expect((await runtimeOf(id))?.ports).toHaveLength(2);
  });

  it("is gone between two runs of a container that ended by itself; the pod is still to run (observed)", async () => {
    const id = await start();
    containerStarts(id);
    runpod.account.report(id, { type: "container ended", generation: 1 });
    expect(await runtimeOf(id)).toBeNull();
    expect(await podOf(runpod, id, "desiredStatus")).toEqual({ desiredStatus: "RUNNING" });
  });
});

describe("the list of pods", () => {
  const listed = async (): Promise<string[]> => {
    const { data } = await runpod.graphql("{ myself { pods { id } } }");
    return (data?.["myself"] as { pods: { id: string }[] }).pods.map(({ id }) => id);
  };

  it("may lack a new pod for a moment, which pod() already knows (documented)", async () => {
    const id = await start({ listLagMs: 100 });
    later(99);
    expect(await listed()).toEqual([]);
    expect(await podOf(runpod, id, "id")).toEqual({ id });
    later(1);
    expect(await listed()).toEqual([id]);
  });
});

describe("stopAfter and terminateAfter", () => {
  const soon = () => new Date(Date.now() + 60).toISOString();

  it("stop a pod by themselves (documented)", async () => {
    await start();
    const id = await rent(runpod, { stopAfter: soon() });
    vi.useRealTimers();
    await until("it is stopped", () => runpod.account.pod(id)?.desiredStatus === "EXITED");
  });

  it("terminate a pod by themselves (documented)", async () => {
    const other = await start();
    const id = await rent(runpod, { terminateAfter: soon() });
    vi.useRealTimers();
    await until("it is gone", () => runpod.account.pod(id) === undefined);
    expect(await podOf(runpod, other, "desiredStatus")).toEqual({ desiredStatus: "RUNNING" });
  });

  it("mean nothing when they are further away than a timer reaches, or no moment", async () => {
    await start();
    const far = new Date(Date.now() + 60 * 24 * 3600 * 1000).toISOString();
    const ids = [await rent(runpod, { terminateAfter: far }), await rent(runpod, { terminateAfter: "" })];
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(ids.map((id) => runpod.account.pod(id)?.desiredStatus)).toEqual(["RUNNING", "RUNNING"]);
  });
});
