import { expect, it } from "vitest";
import { balanceCheck, builderCheck, engineCheck, hubTokensCheck, nodeCheck } from "../../cli/doctor/checks.ts";
import { runPodChecks } from "../../cli/doctor/runpod-checks.ts";
import { UserError } from "../../contract/errors.ts";
import type { DataCenter, GpuType, RunPodApi } from "../../providers/runpod/api/api.ts";
import { RunPodError } from "../../providers/runpod/api/errors.ts";

const noDocker = "Docker is not installed";
const noGitHub = "GITHUB_TOKEN is not set";

it.each([
  [nodeCheck("24.21.0"), "ok"],
  [nodeCheck("22.1.0"), "fail"],
  [engineCheck({ version: "3.258.0", source: "path" }), "ok"],
  [engineCheck(undefined), "warn"],
  [builderCheck({ dockerTrouble: undefined, githubTrouble: noGitHub }), "ok"],
  [builderCheck({ dockerTrouble: noDocker, githubTrouble: undefined }), "ok"],
  [builderCheck({ dockerTrouble: noDocker, githubTrouble: noGitHub }), "warn"],
  [hubTokensCheck({ HF_TOKEN: "x" }), "ok"],
  [hubTokensCheck({ HF_TOKEN: "" }), "warn"],
  [balanceCheck({ balance: 12, spendPerHour: 0.4 }), "ok"],
  [balanceCheck({ balance: 0.2, spendPerHour: 0 }), "warn"],
  [balanceCheck({ balance: 0, spendPerHour: 0 }), "fail"],
  [balanceCheck({ balance: undefined, spendPerHour: undefined }), "warn"],
])("%j is %s, with a remedy unless it is ok", (check, status) => {
  expect(check.status).toBe(status);
  expect(check.remedy === undefined).toBe(status === "ok");
});

const gpu = (label: string, onDemand: number): GpuType => ({
  ...{ id: label, label, vramGb: 24, maxCount: 1 },
  price: { SECURE: { onDemand, spot: undefined }, COMMUNITY: { onDemand: undefined, spot: undefined } },
});
const place = (inStock: string[]): DataCenter => ({ id: "US-KS-2", inStock: { SECURE: inStock, COMMUNITY: [] } });

/** RunPod as far as it is asked. */
const runPod = (answers: Partial<RunPodApi>) =>
  runPodChecks(
    () =>
      ({
        account: () => Promise.resolve({ balance: 10, spendPerHour: 0 }),
        gpuTypes: () => Promise.resolve([gpu("L4", 0.44), gpu("A40", 0.4)]),
        dataCenters: () => Promise.resolve([place(["L4", "A40"])]),
        ...answers,
      }) as RunPodApi,
    undefined,
  );

it("tells how many kinds of GPUs are in stock, and what the cheapest costs", async () => {
  expect(await runPod({})).toMatchObject([
    { name: "runpod", status: "ok" },
    { name: "balance", status: "ok" },
    { name: "gpus", status: "ok", detail: "2 kinds in stock, from 0.40 USD per hour (A40 in US-KS-2)" },
  ]);
  expect((await runPod({ dataCenters: () => Promise.resolve([place([])]) }))[2]).toMatchObject({
    ...{ name: "gpus", status: "fail", remedy: expect.stringContaining("try again later") as string },
  });
});

it("tells a key that is refused from a RunPod that does not answer", async () => {
  const refused = () =>
    Promise.reject(new RunPodError("auth", "RunPod does not accept the API key; set RUNPOD_API_KEY"));
  expect(await runPod({ account: refused })).toEqual([
    { name: "runpod", status: "fail", detail: "RunPod does not accept the API key", remedy: "set RUNPOD_API_KEY" },
  ]);
  const silent = () => Promise.reject(new UserError("RunPod did not answer within 30 s"));
  expect((await runPod({ account: silent }))[0]?.remedy).toContain("https://uptime.runpod.io");
  const broken = () => Promise.reject(new TypeError("a fault of ours"));
  await expect(runPod({ account: broken })).rejects.toThrow("a fault of ours");
});
