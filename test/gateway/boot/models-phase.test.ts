import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Health } from "../../../contract/api.ts";
import { apiKey, startGateway, type TestGateway } from "../../support/gateway.ts";
import { type ModelServer, modelBytes, startModelServer } from "../../support/model-server.ts";
import { until } from "../../support/until.ts";

const bytes = modelBytes(400_000);
let server: ModelServer;
let gateway: TestGateway;
let root: string;
beforeEach(async () => {
  server = await startModelServer();
  root = mkdtempSync(join(tmpdir(), "comfy-endpoints-phase-"));
  mkdirSync(join(root, "comfy"));
});
afterEach(async () => {
  await gateway.stop();
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

const model = (name: string) => ({
  ...{ source_url: server.url(`/${name}`), match: name, target_subdir: "checkpoints", target_path: name },
});
const boot = async (artifacts: unknown, env: Record<string, string> = {}): Promise<void> => {
  gateway = await startGateway({
    ready: false,
    env: {
      COMFY_ENDPOINTS_APP_ARTIFACTS_JSON: typeof artifacts === "string" ? artifacts : JSON.stringify(artifacts),
      COMFY_ENDPOINTS_COMFY_MODELS_ROOT: join(root, "comfy/models"),
      COMFY_ENDPOINTS_CACHE_ROOT: join(root, "cache"),
      ...env,
    },
  });
};
const health = async (): Promise<Health> => (await (await gateway.request("/healthz")).json()) as Health;
const inState = (status: Health["status"]): Promise<void> =>
  until(`it is ${status}`, async () => (await health()).status === status);
const post = (path: string, body: unknown): Promise<Response> =>
  gateway.request(path, { method: "POST", body: JSON.stringify(body) });

describe("a boot with models", () => {
  it("tells of them at /healthz while it takes runs, and is ready when they are in their places", async () => {
    server.files.set("/m", { bytes, bytesPerSecond: 150_000 });
    await boot([model("m")]);
    await until("bytes come", async () => ((await health()).models?.[0]?.bytes ?? 0) > 0);
    expect(await health()).toMatchObject({
      ...{ status: "starting", phase: "models", detail: "m", progress: expect.any(Number) as number },
      models: [{ name: "checkpoints/m", state: "downloading", size: bytes.length }],
    });
    expect((await post("/run", { prompt: "x" })).status).toBe(202);
    expect((await post("/admin/models/prune", {})).status).toBe(503);
    await inState("ok");
    expect((await health()).models).toBeUndefined();
    expect(readFileSync(join(root, "comfy/models/checkpoints/m")).equals(bytes)).toBe(true);
    expect(lstatSync(join(root, "comfy/models/clip_vision")).isSymbolicLink()).toBe(true);
    expect((await gateway.request("/artifact-resolver/error")).status).toBe(204);
  });

  it("that cannot have one stays up and says stage, reason and remedy wherever somebody asks", async () => {
    await boot([model("m")]);
    await inState("failed");
    const why = {
      stage: "model_resolution",
      reason: `checkpoints/m cannot be fetched: ${server.url("/m")} answers 404`,
      remedy: 'check "source_url"',
    };
    const detail = `${why.reason}; ${why.remedy}`;
    expect(await health()).toMatchObject({ status: "failed", phase: "models", detail, ...why });
    const run = await post("/run", { prompt: "x" });
    expect([run.status, await run.json()]).toEqual([503, { error: "not_ready", detail, ...why }]);
    const error = await gateway.request("/artifact-resolver/error");
    expect([error.status, await error.json()]).toEqual([
      503,
      {
        ...{ error: "not_ready", detail, status: "artifact_resolver_failed", message: detail, ...why },
        details: { unresolved_models: [expect.objectContaining({ filename: "m", target: "checkpoints/m" })] },
      },
    ]);
    expect((await fetch(`${gateway.url}/artifact-resolver/error`)).status).toBe(401);
    expect(gateway.log.find(({ msg }) => msg === "boot failed")).toMatchObject(why);
    expect(JSON.stringify(gateway.log)).not.toContain(apiKey);
  });

  it.each<[string, () => unknown, string]>([
    ["no JSON", () => "{", "is not valid JSON"],
    [
      "a path that leads out of the folder",
      () => [{ ...model("m"), target_path: "../m" }],
      '"[0].target_path" is "../m"',
    ],
    ["two files for one place", () => [model("m"), { ...model("m"), source_url: "http://x/y" }], "brings another file"],
  ])("whose artifacts are broken says so: %s", async (_, artifacts, reason) => {
    await boot(artifacts());
    await inState("failed");
    expect(await health()).toMatchObject({
      stage: "artifact_config",
      reason: expect.stringContaining(reason) as string,
    });
  });

  it("links what earlier containers moved to the volume before models are brought", async () => {
    const watched = join(root, "watched");
    mkdirSync(watched);
    writeFileSync(join(watched, "large.bin"), modelBytes(2 * 1024 ** 2));
    const env = { COMFY_ENDPOINTS_WATCH_PATHS: watched, COMFY_ENDPOINTS_MIN_FILE_SIZE_MB: "1" };
    await boot([], env);
    await inState("ok");
    expect(lstatSync(join(watched, "large.bin")).isSymbolicLink()).toBe(true);
  });

  it("links folders that the app asks for", async () => {
    const further = join(root, "home/.cache");
    await boot([], { COMFY_ENDPOINTS_SYMLINK_TARGETS: `${further},sams` });
    await inState("ok");
    expect(lstatSync(further).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(root, "comfy/models/sams")).isSymbolicLink()).toBe(true);
  });

  it("touches nothing where there is no ComfyUI", async () => {
    rmSync(join(root, "comfy"), { recursive: true });
    await boot([]);
    await inState("ok");
    expect(existsSync(join(root, "comfy"))).toBe(false);
    expect(gateway.log.some(({ msg }) => String(msg).startsWith("no folders are linked"))).toBe(true);
  });

  it("prunes what it no longer declares", async () => {
    for (const name of ["a", "b"]) server.files.set(`/${name}`, { bytes: modelBytes(1000, name) });
    await boot([model("a"), model("b")]);
    await inState("ok");
    await gateway.stop();
    await boot([model("b")]);
    await inState("ok");
    const pruned = await post("/admin/models/prune", {});
    expect([pruned.status, await pruned.json()]).toEqual([
      200,
      { dry_run: false, items: [{ path: "checkpoints/a", size_bytes: 1000 }], freed_bytes: 1000 },
    ]);
    const wrong = await post("/admin/models/prune", { keep_days: -1 });
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { problems: [{ path: "keep_days" }] }]);
  });

  it("prunes also when it failed: the volume may be what has no room", async () => {
    server.files.set("/a", { bytes: modelBytes(1000) });
    await boot([model("a")]);
    await inState("ok");
    await gateway.stop();
    await boot([model("gone")]);
    await inState("failed");
    expect(await (await post("/admin/models/prune", {})).json()).toMatchObject({ items: [{ path: "checkpoints/a" }] });
  });

  it("prunes nothing while nobody could read what it needs", async () => {
    await boot("{");
    await inState("failed");
    const refused = await post("/admin/models/prune", {});
    expect([refused.status, await refused.json()]).toMatchObject([
      503,
      { error: "not_ready", detail: "what the endpoint needs is not known yet (models); come again when it is" },
    ]);
  });
});
