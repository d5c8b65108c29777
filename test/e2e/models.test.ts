import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeApp } from "../support/app-folder.ts";
import { type StartedRunPod, startLocalRunPod } from "../support/local-runpod.ts";
import { type ModelServer, modelBytes, startModelServer } from "../support/model-server.ts";
import { createTestStack, type TestStack } from "../support/stack.ts";

describe("an app with a model, with the real engine", () => {
  const bytes = modelBytes(1024 ** 2);
  let runpod: StartedRunPod;
  let server: ModelServer;
  let stack: TestStack;
  let folder: string;
  beforeAll(async () => {
    [runpod, server] = await Promise.all([startLocalRunPod(), startModelServer()]);
    folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-models-"));
    stack = await createTestStack(runpod.env, { app: declare("/m") });
    await stack.pulumi("config", "set", "comfy-endpoints:networkVolumeGb", "10");
    await stack.pulumi("config", "set", "comfy-endpoints:networkVolumeDataCenter", "US-KS-2");
  });
  afterAll(async () => {
    await runpod.close();
    await server.close();
    stack.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const declare = (path: string): string => {
    const place = { match: "m", target_subdir: "vae", target_path: "model.safetensors" };
    return writeApp(folder, { artifacts: [{ source_url: server.url(path), ...place }] });
  };
  const up = () => stack.pulumi("up", "--yes", "--skip-preview");

  it("tells at `up` that its pod brings the model, and waits for it", async () => {
    server.files.set("/m", { bytes, bytesPerSecond: 25_000 });
    const { code, output } = await up();
    expect(code, output).toBe(0);
    expect(output).toMatch(/models: model\.safetensors \d+ %, \d+ MB\/s, \d+ s left/);
    expect(server.sentBytes()).toBe(bytes.length);
  });

  it("finds the model on the network volume when another pod takes the place of the first", async () => {
    const { podId } = await stack.outputs();
    await stack.pulumi("config", "set", "comfy-endpoints:podRotation", "2");
    const { code, output } = await up();
    expect(code, output).toBe(0);
    expect((await stack.outputs())["podId"]).not.toBe(podId);
    expect(server.sentBytes()).toBe(bytes.length);
  });

  it("fails with stage, reason and remedy when the model cannot be had", async () => {
    declare("/gone");
    const { code, output } = await up();
    expect(code).not.toBe(0);
    expect(output).toContain(
      `vae/model.safetensors cannot be fetched: ${server.url("/gone")} answers 404; check "source_url"`,
    );
  });
});
