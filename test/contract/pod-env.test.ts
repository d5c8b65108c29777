import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type PodSettings, podEnv, readPodEnv, toPodEnv } from "../../contract/pod-env.ts";

const settings: PodSettings = {
  appId: "cards",
  contractJson: "{}",
  workflowJson: "{}",
  artifactsJson: "[]",
  apiKey: "k",
  webhookSecret: "whsec_c2VjcmV0",
  jobTimeoutSeconds: 60,
  maxPayloadMb: 1,
  maxUploadMb: 2048,
  watchPaths: undefined,
  minFileSizeMb: 100,
  symlinkTargets: undefined,
  idleStopMinutes: undefined,
  warmUpJson: undefined,
};

/** Text that does not compress: the worst case for its size. */
function noise(bytes: number): string {
  let text = "";
  for (let at = 0; text.length < bytes; at++) text += createHash("sha512").update(String(at)).digest("base64");
  return text.slice(0, bytes);
}

describe("the pod's environment", () => {
  it("holds short texts as they are, under the original's names", () => {
    const env = toPodEnv(settings);
    expect(env["COMFY_ENDPOINTS_WORKFLOW_JSON"]).toBe("{}");
    expect(env["COMFY_ENDPOINTS_PROMPT_TIMEOUT_SECONDS"]).toBe("60");
  });

  it.each([0, 1, 96 * 1024, 96 * 1024 + 1, 1024 ** 2])("gives back a workflow of %i bytes", (bytes) => {
    const workflowJson = noise(bytes);
    const env = toPodEnv({ ...settings, workflowJson });
    expect(readPodEnv(env, podEnv.workflowJson)).toBe(workflowJson);
    expect(Math.max(...Object.entries(env).map(([name, value]) => name.length + value.length + 1))).toBeLessThan(
      128 * 1024,
    );
    expect(Object.keys(env).length).toBeLessThan(40);
  });

  it("says so when a workflow is too large", () => {
    expect(() => toPodEnv({ ...settings, workflowJson: noise(3 * 1024 ** 2) })).toThrow(
      "COMFY_ENDPOINTS_WORKFLOW_JSON holds 3.0 MiB, more than a pod's environment takes; shorten the workflow to 1 MiB",
    );
  });

  it("reads nothing where nothing is set", () => {
    expect(readPodEnv({}, podEnv.workflowJson)).toBeUndefined();
  });
});
