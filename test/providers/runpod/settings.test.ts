import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runPodSettings } from "../../../providers/runpod/api/connection.ts";
import { refusalOf } from "../../../providers/runpod/api/errors.ts";
import { withEnvFiles } from "../../../providers/runpod/env-files.ts";

const noKeychain = () => undefined;

describe("where RunPod is and with which key", () => {
  it("takes the key of the environment before the stack's, that before the keychain's", () => {
    const key = (env: object, config?: string) => runPodSettings({ ...env }, config, () => "keychain").apiKey;
    expect(key({ RUNPOD_API_KEY: "env" }, "config")).toBe("env");
    expect(key({}, "config")).toBe("config");
    expect(key({})).toBe("keychain");
  });

  it("says where a key may be put when there is none", () => {
    expect(() => runPodSettings({}, undefined, noKeychain)).toThrow(
      /^there is no RunPod API key; set RUNPOD_API_KEY in the environment or in \.env\.local, or run: pulumi config set/,
    );
  });

  it("means RunPod itself unless told otherwise", () => {
    expect(runPodSettings({ RUNPOD_API_KEY: "k" }, undefined, noKeychain)).toEqual({
      apiKey: "k",
      baseUrl: "https://api.runpod.io",
      proxyUrl: "https://{podId}-{port}.proxy.runpod.net",
      timeoutMs: 30_000,
    });
  });

  it("refuses a timeout that is none", () => {
    const env = { RUNPOD_API_KEY: "k", COMFY_ENDPOINTS_RUNPOD_TIMEOUT_SECONDS: "soon" };
    expect(() => runPodSettings(env, undefined, noKeychain)).toThrow(
      'COMFY_ENDPOINTS_RUNPOD_TIMEOUT_SECONDS is "soon"; give seconds from above 0 to 600',
    );
  });

  it("refuses a proxy URL that cannot name a pod", () => {
    expect(() => runPodSettings({ RUNPOD_API_KEY: "k", RUNPOD_PROXY_URL: "http://x" }, undefined, noKeychain)).toThrow(
      'RUNPOD_PROXY_URL is "http://x"; it must hold {podId} and {port}',
    );
  });
});

describe("env files", () => {
  const folder = mkdtempSync(join(tmpdir(), "env-files-"));
  writeFileSync(join(folder, ".env"), "A=env\nB=env\nC=env\n");
  writeFileSync(join(folder, ".env.local"), 'A="local"\nB=local\n# C=comment\n');
  writeFileSync(join(folder, "other"), "A=other\n");

  it("lets the process win over .env.local, and that over .env", () => {
    expect(withEnvFiles({ A: "process" }, folder)).toEqual({ A: "process", B: "local", C: "env" });
  });

  it("takes an empty variable as unset", () => {
    expect(withEnvFiles({ A: "" }, folder)["A"]).toBe("local");
  });

  it("reads only the file that COMFY_ENDPOINTS_ENV_FILE names", () => {
    const file = join(folder, "other");
    expect(withEnvFiles({ COMFY_ENDPOINTS_ENV_FILE: file }, folder)).toEqual({
      COMFY_ENDPOINTS_ENV_FILE: file,
      A: "other",
    });
  });
});

describe("what a refusal of RunPod's means", () => {
  it.each<[string, unknown, string]>([
    [
      "There are no longer any instances available with the requested specifications. Please refresh and try again.",
      undefined,
      "capacity",
    ],
    ["anything", "SUPPLY_CONSTRAINT", "capacity"],
    ["anything", "INSUFFICIENT_BALANCE", "balance"],
    ["pod not found to terminate", undefined, "gone"],
    ["Something went wrong. Please try again later or contact support.", "INTERNAL_SERVER_ERROR", "transient"],
    ["Unauthorized", undefined, "auth"],
    ["forbidden: no bid, insufficient capacity of words", undefined, "invalid"],
  ])("reads %j with code %j as %s", (message, code, refusal) => {
    expect(refusalOf(message, code)).toBe(refusal);
  });
});
