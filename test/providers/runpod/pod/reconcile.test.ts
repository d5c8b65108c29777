import { describe, expect, it } from "vitest";
import type { Pod, PodJob } from "../../../../providers/runpod/api/api.ts";
import { driftOf, type FormerJob, mergedJob, reconcileSteps } from "../../../../providers/runpod/pod/reconcile.ts";

const job: PodJob = {
  image: "golden:1",
  env: { A: "1" },
  ports: ["8080/http"],
  containerDiskGb: 30,
  volumeGb: 100,
  volumeMountPath: "/cache",
  registryAuthId: undefined,
};
const pod = (changed: Partial<Pod> = {}): Pod => ({
  ...job,
  id: "p",
  name: "n",
  env: { A: "1", PUBLIC_KEY: "ssh" },
  networkVolumeId: undefined,
  gpuCount: 1,
  memoryGb: 32,
  desiredStatus: "RUNNING",
  statusDetail: "",
  containerRunning: true,
  spot: false,
  costPerHour: 0.5,
  cloud: undefined,
  gpuTypeId: undefined,
  gpuType: undefined,
  dataCenter: undefined,
  ...changed,
});
const steps = (actual: Pod, desired: PodJob = job, former?: FormerJob) =>
  reconcileSteps(desired, actual, former).map((step) =>
    step.kind === "edit" ? `edit ${step.because.join("+")}` : step.kind,
  );

describe("what a pod needs to run its job", () => {
  it.each<[string, Pod, string[]]>([
    ["nothing when it runs the job, whatever the platform added", pod(), []],
    ["nothing for another order of ports", pod({ ports: ["8080/http"] }), []],
    ["an edit for another image", pod({ image: "golden:0" }), ["edit image"]],
    ["an edit for a changed variable", pod({ env: { A: "0" } }), ["edit env"]],
    ["an edit for a missing variable", pod({ env: {} }), ["edit env"]],
    ["an edit for another mount path", pod({ volumeMountPath: "/workspace" }), ["edit volumeMountPath"]],
    ["an edit for other ports", pod({ ports: [] }), ["edit ports"]],
    ["an edit when the volume is too small", pod({ volumeGb: 50 }), ["edit volumeGb"]],
    ["nothing when the volume is larger: it only ever grows", pod({ volumeGb: 200 }), []],
    ["nothing about its own volume when a network volume is mounted", pod({ volumeGb: 0, networkVolumeId: "v" }), []],
    ["a resume when it was stopped", pod({ desiredStatus: "EXITED", containerRunning: false }), ["resume"]],
    [
      "an edit before the resume, so that the container starts once with the new job",
      pod({ desiredStatus: "EXITED", image: "golden:0" }),
      ["edit image", "resume"],
    ],
  ])("is %s", (_, actual, expected) => {
    expect(steps(actual)).toEqual(expected);
  });

  it("is an edit when a variable that was ours is no longer wanted", () => {
    expect(steps(pod({ env: { A: "1", B: "2" } }), job, { ...job, env: { A: "1", B: "2" } })).toEqual(["edit env"]);
  });

  it("is an edit when what RunPod does not show was changed since the last deployment", () => {
    expect(steps(pod(), job, { ...job, registryAuthId: "r" })).toEqual(["edit registryAuthId"]);
    const silent = pod({ volumeMountPath: undefined });
    expect(steps(silent, job, { ...job, volumeMountPath: "/old" })).toEqual(["edit volumeMountPath"]);
  });

  it("sends the platform's variables along and drops those that were ours", () => {
    const actual = pod({ env: { A: "0", B: "2", PUBLIC_KEY: "ssh" }, volumeGb: 200 });
    expect(mergedJob(job, actual, { ...job, env: { A: "0", B: "2" } })).toEqual({
      ...job,
      env: { A: "1", PUBLIC_KEY: "ssh" },
      volumeGb: 200,
    });
  });
});

describe("what is told of a pod that somebody changed", () => {
  it.each<[string, Pod, string[]]>([
    ["nothing when it is as deployed, with what the platform added", pod(), []],
    ["the image", pod({ image: "golden:0" }), ["image is golden:0 instead of golden:1"]],
    ["a variable by its name, never its value", pod({ env: { A: "secret" } }), ["env has another A"]],
    ["a volume that was grown", pod({ volumeGb: 150 }), ["volume is 150 GB instead of 100 GB"]],
    ["nothing of a volume where there is a network volume", pod({ volumeGb: 0, networkVolumeId: "v" }), []],
    ["the ports", pod({ ports: [] }), ["ports is none instead of 8080/http"]],
    [
      "disk, mount path and status",
      pod({ containerDiskGb: 20, volumeMountPath: "/w", desiredStatus: "EXITED", statusDetail: "Outbid: today" }),
      [
        "container disk is 20 GB instead of 30 GB",
        "mount path is /w instead of /cache",
        "status is EXITED (Outbid: today)",
      ],
    ],
  ])("is %s", (_, actual, expected) => {
    expect(driftOf(job, actual)).toEqual(expected);
  });
});
