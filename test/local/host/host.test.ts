import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type StartedRunPod, startLocalRunPod } from "../../support/local-runpod.ts";
import { until } from "../../support/until.ts";
import { answering, askPod, podImage } from "../pod-program.ts";
import { mutate, podOf, rent, statusChange } from "../renting.ts";

let runpod: StartedRunPod;
beforeEach(async () => {
  runpod = await startLocalRunPod({ container: podImage({ FROM_IMAGE: "1", COLOR: "grey" }) });
});
afterEach(() => runpod.close());

const started = async (input: object = {}): Promise<string> => {
  const id = await rent(runpod, input);
  await answering(runpod, id);
  return id;
};
const pidOf = async (id: string): Promise<number> => Number(await askPod(runpod, id, "/pid"));
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const write = (id: string, path: string) => askPod(runpod, id, `/write?path=${path}`);
const exists = (id: string, path: string) => askPod(runpod, id, `/exists?path=${path}`);

describe("a pod's process", () => {
  it("has in its environment what the image sets, what the pod sets and what RunPod adds and where that is, and nothing else", async () => {
    const id = await started();
    const env = (await askPod(runpod, id, "/env")) as Record<string, string>;
    // macOS gives this one to every process.
    delete env["__CF_USER_TEXT_ENCODING"];
    const ssh = env["RUNPOD_TCP_PORT_22"];
    expect(env).toEqual({
      FROM_IMAGE: "1",
      COLOR: "red",
      SIZE: "a=b",
      RUNPOD_POD_ID: id,
      RUNPOD_API_KEY: expect.stringMatching(/^rpa_local_[0-9a-f]{32}$/) as string,
      RUNPOD_DC_ID: "US-KS-2",
      RUNPOD_POD_HOSTNAME: `${id}-64410000`,
      RUNPOD_GPU_COUNT: "1",
      RUNPOD_CPU_COUNT: "8",
      RUNPOD_MEM_GB: "48",
      RUNPOD_PUBLIC_IP: "127.0.0.1",
      RUNPOD_TCP_PORT_22: expect.stringMatching(/^\d+$/) as string,
      RUNPOD_API_BASE_URL: runpod.url,
      COMFY_ENDPOINTS_LOCAL_PATH_PREFIX: join(runpod.folder, "pods", id, "root"),
      COMFY_ENDPOINTS_LOCAL_PORTS: expect.stringMatching(new RegExp(`^22:${ssh},3000:\\d+,8188:\\d+$`)) as string,
    });
  });

  it("is started again when it ends by itself (observed), with the disk it had", async () => {
    const id = await started();
    const first = await pidOf(id);
    await write(id, "kept");
    await fetch(`${runpod.podUrl(id, 8080)}/exit`).catch(() => undefined);
    await until("another one runs", () => (runpod.host.pid(id) ?? first) !== first);
    await answering(runpod, id);
    expect(alive(first)).toBe(false);
    expect(await exists(id, "kept")).toBe(true);
    expect(await runpod.host.logTail(id)).toBe("listening\ncontainer exited with 3\nlistening\n");
    expect(await podOf(runpod, id, "desiredStatus version")).toEqual({ desiredStatus: "RUNNING", version: 1 });
  });

  it("ends with podStop, and with it the disk, but not the volume; podResume starts another (documented)", async () => {
    const id = await started();
    const first = await pidOf(id);
    await write(id, "lost");
    await write(id, "workspace/kept");
    await mutate(runpod, "podStop", { podId: id });
    await until("it ended", () => !alive(first));
    expect((await fetch(`${runpod.podUrl(id, 8080)}/pid`)).status).toBe(502);
    await mutate(runpod, "podResume", { podId: id });
    await answering(runpod, id);
    expect(await pidOf(id)).not.toBe(first);
    expect([await exists(id, "lost"), await exists(id, "workspace/kept")]).toEqual([false, true]);
  });

  it("is replaced by podEditJob: new environment, wiped disk, kept volume (documented)", async () => {
    const id = await started();
    const before = (await askPod(runpod, id, "/env")) as Record<string, string>;
    const first = await pidOf(id);
    await write(id, "lost");
    await write(id, "workspace/kept");
    await mutate(runpod, "podEditJob", {
      podId: id,
      imageName: "example/image:2",
      containerDiskInGb: 20,
      env: [{ key: "ONLY", value: "1" }],
    });
    await until("the old one ended", () => !alive(first));
    await answering(runpod, id);
    const after = (await askPod(runpod, id, "/env")) as Record<string, string>;
    expect([after["ONLY"], after["COLOR"], after["SIZE"]]).toEqual(["1", "grey", undefined]);
    expect(after["RUNPOD_API_KEY"]).toBe(before["RUNPOD_API_KEY"]);
    expect([await exists(id, "lost"), await exists(id, "workspace/kept")]).toEqual([false, true]);
  });

  it("ends with podTerminate, and with it all that the pod had (documented)", async () => {
    const id = await started();
    const pid = await pidOf(id);
    await mutate(runpod, "podTerminate", { podId: id }, "");
    await until("it ended", () => !alive(pid));
    await until("its folder is gone", () => !existsSync(join(runpod.folder, "pods", id)));
    expect(runpod.host.pid(id)).toBeUndefined();
  });

  it("ends when its pod is outbid, with the disk and not the volume (documented)", async () => {
    const id = await started();
    const pid = await pidOf(id);
    await write(id, "workspace/kept");
    runpod.account.outbid(id);
    await until("it ended", () => !alive(pid));
    expect(existsSync(join(runpod.folder, "pods", id, "volume/kept"))).toBe(true);
  });

  it("has 5 seconds from SIGTERM to SIGKILL when its pod is outbid (documented)", async () => {
    await runpod.close();
    const deaf = "process.on('SIGTERM', () => console.log('heard')); setInterval(() => undefined, 1000)";
    runpod = await startLocalRunPod({ container: { ...podImage(), args: ["--eval", deaf] } });
    const id = await rent(runpod);
    await until("it runs", () => runpod.host.pid(id) !== undefined);
    const pid = runpod.host.pid(id) ?? 0;
    // It has to have come as far as to listen to the signal.
    await sleep(500);
    const since = performance.now();
    runpod.account.outbid(id);
    await until("it heard of it", async () => (await runpod.host.logTail(id)) === "heard\n", 2);
    await until("it ended", () => !alive(pid));
    expect((performance.now() - since) / 1000).toBeCloseTo(5, 0);
    await until("the log tells", async () =>
      (await runpod.host.logTail(id)).endsWith("container exited with SIGKILL\n"),
    );
  });

  it("never runs from an image that cannot be pulled: the pod exits and says nothing (observed)", async () => {
    const id = await rent(runpod, { imageName: "example/does-not-exist:1" });
    expect(await podOf(runpod, id, "desiredStatus")).toEqual({ desiredStatus: "RUNNING" });
    await until("it gave up", () => runpod.account.pod(id)?.desiredStatus === "EXITED");
    expect(await podOf(runpod, id, "lastStatusChange")).toEqual({ lastStatusChange: statusChange("Exited by Runpod") });
    expect(runpod.host.pid(id)).toBeUndefined();
  });
});

describe("a network volume", () => {
  it("outlives its pods and is shared by them (documented)", async () => {
    const { data } = await mutate(runpod, "createNetworkVolume", { name: "v", size: 10, dataCenterId: "US-KS-2" });
    const networkVolumeId = (data?.["createNetworkVolume"] as { id: string }).id;
    const first = await started({ networkVolumeId });
    expect(await askPod(runpod, first, "/env")).toMatchObject({ RUNPOD_VOLUME_ID: networkVolumeId });
    await write(first, "workspace/model");
    await mutate(runpod, "podTerminate", { podId: first }, "");
    const second = await started({ networkVolumeId, volumeMountPath: "/models/here" });
    expect(await exists(second, "models/here/model")).toBe(true);
  });
});

describe("what is left at the end", () => {
  it("is nothing: all processes end, also those that are still being pulled", async () => {
    const id = await started();
    const pid = await pidOf(id);
    const late = await rent(runpod);
    await runpod.close();
    expect(alive(pid)).toBe(false);
    expect([runpod.host.pid(id), runpod.host.pid(late)]).toEqual([undefined, undefined]);
    expect(existsSync(runpod.folder)).toBe(false);
    await expect(fetch(runpod.url)).rejects.toThrow("fetch failed");
    runpod = await startLocalRunPod();
  });

  it("is the data folder's other content", async () => {
    mkdirSync(join(runpod.folder, "other"));
    writeFileSync(join(runpod.folder, "other/file"), "");
    const id = await started();
    await mutate(runpod, "podTerminate", { podId: id }, "");
    await until("the pod's folder is gone", () => !existsSync(join(runpod.folder, "pods", id)));
    expect(existsSync(join(runpod.folder, "other/file"))).toBe(true);
  });
});
