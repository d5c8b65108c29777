import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { writeApp } from "../../support/app-folder.ts";
import { workflowDocument } from "../../support/apps.ts";
import { type CendWithEndpoints, cendWithEndpoints } from "../../support/cend-endpoints.ts";
import { apiKey, startGateway } from "../../support/gateway.ts";
import { type ModelServer, modelBytes, sha256Of, startModelServer } from "../../support/model-server.ts";

let server: ModelServer;
let run: CendWithEndpoints;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.close());
beforeEach(() => {
  run = cendWithEndpoints({}, apiKey);
  server.files.clear();
  server.files.set("/m", { bytes: modelBytes(1000) });
});
afterEach(() => run.remove());

const artifact = (fields: object = {}) => ({
  ...{ source_url: server.url("/m"), match: "m.safetensors", target_subdir: "vae", target_path: "m.safetensors" },
  ...fields,
});
/** An app whose workflow loads one model. */
const app = (...artifacts: object[]): void => {
  writeApp(run.folder, { artifacts });
  const loader = { class_type: "VAELoader", inputs: { vae_name: "m.safetensors" } };
  const workflow = { prompt: { ...workflowDocument.prompt, "9": loader } };
  writeFileSync(join(run.folder, "workflow.json"), JSON.stringify(workflow));
};
const lockFile = (): string => join(run.folder, "models.lock.json");

describe("cend lock", () => {
  it("writes down what each model is, for deployments to bring", async () => {
    app(artifact({ sha256: sha256Of(modelBytes(1000)) }));
    const { code, stdout, stderr } = await run.cend("lock", "app.json");
    expect([code, stderr]).toEqual([0, ""]);
    const entry = {
      ...{ source_url: server.url("/m"), url: server.url("/m"), revision: null },
      ...{ sha256: sha256Of(modelBytes(1000)), size: 1000 },
    };
    const models = { "vae/m.safetensors": entry };
    expect(JSON.parse(stdout)).toEqual({ app_id: "cards", lock_file: lockFile(), models, nodes: {} });
    expect(JSON.parse(readFileSync(lockFile(), "utf8"))).toEqual({ version: 1, models, nodes: {} });
    expect(server.sentBytes()).toBe(0);
    expect((await run.cend("validate", "app.json")).stderr).toBe("");
  });

  it("warns of what it cannot pin", async () => {
    app(artifact());
    expect((await run.cend("lock", "app.json")).stderr).toBe(
      `warning: ${server.url("/m")} names no SHA-256; only the size of vae/m.safetensors is checked\n`,
    );
  });

  it("names every model that cannot be had, and writes nothing", async () => {
    app(artifact({ source_url: server.url("/gone") }));
    const { code, stdout, stderr } = await run.cend("lock", "app.json");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(
      `error: models cannot be locked:\n  vae/m.safetensors: ${server.url("/gone")} answers 404; check "source_url"\n`,
    );
    expect(existsSync(lockFile())).toBe(false);
  });

  it("says where app.json declares something else than the source has, and writes nothing", async () => {
    app(artifact({ size_bytes: 5 }));
    const { code, stderr } = await run.cend("lock", "app.json");
    expect([code, stderr]).toEqual([
      1,
      'error: models cannot be locked:\n  vae/m.safetensors: "size_bytes" is 5 in app.json, and 1000 at its source; correct app.json\n',
    ]);
    expect(existsSync(lockFile())).toBe(false);
  });
});

describe("cend validate-artifacts", () => {
  it("is content with an app whose models are declared and can be had", async () => {
    app(artifact());
    const { code, stdout } = await run.cend("validate-artifacts", "app.json");
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      {
        ...{ ok: true, errors: [], warnings: [], source_urls: [server.url("/m")] },
        matched_models: [expect.objectContaining({ requested_filename: "m.safetensors", target_subdir: "vae" })],
      },
    ]);
  });

  it("answers 2 and says which source does not give its model", async () => {
    app(artifact({ source_url: server.url("/gone") }));
    const { code, stdout } = await run.cend("validate-artifacts", "app.json");
    expect([code, JSON.parse(stdout)]).toMatchObject([
      2,
      {
        ok: false,
        errors: [
          { code: "artifact_source_unreachable", detail: `${server.url("/gone")} answers 404; check "source_url"` },
        ],
      },
    ]);
  });

  it("names a source that nobody answers for", async () => {
    app(artifact({ source_url: "http://127.0.0.1:2/m" }));
    const { stdout } = await run.cend("validate-artifacts", "app.json");
    const { errors } = JSON.parse(stdout) as { errors: { message: string }[] };
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:2\/m cannot be asked: .*ECONNREFUSED/),
    ]);
  });

  it("asks nobody when told so", async () => {
    const before = server.requests.length;
    app(artifact({ source_url: server.url("/gone") }));
    expect((await run.cend("validate-artifacts", "--no-network", "app.json")).code).toBe(0);
    app();
    const { code, stdout } = await run.cend("validate-artifacts", "--no-network", "app.json");
    expect([code, JSON.parse(stdout)]).toMatchObject([2, { errors: [{ code: "no_artifacts_defined" }] }]);
    expect(server.requests.length).toBe(before);
  });
});

describe("cend prune", () => {
  it("removes models that the app no longer declares from its volume", async () => {
    const volume = join(run.folder, "volume");
    mkdirSync(volume);
    const boot = (artifacts: object[]) =>
      startGateway({
        env: { COMFY_ENDPOINTS_APP_ARTIFACTS_JSON: JSON.stringify(artifacts), COMFY_ENDPOINTS_CACHE_ROOT: volume },
      });
    await (await boot([artifact()])).stop();
    const gateway = await boot([]);
    const cend = cendWithEndpoints({ cards: gateway.url }, apiKey);
    try {
      const items = [{ path: "vae/m.safetensors", size_bytes: 1000 }];
      const dry = await cend.cend("prune", "cards", "--dry-run");
      expect([dry.code, JSON.parse(dry.stdout)]).toEqual([
        0,
        { app_id: "cards", dry_run: true, items, freed_bytes: 1000 },
      ]);
      expect(existsSync(join(volume, "models/vae/m.safetensors"))).toBe(true);
      const done = await cend.cend("prune", "cards", "--keep-days", "0");
      expect(JSON.parse(done.stdout)).toEqual({ app_id: "cards", dry_run: false, items, freed_bytes: 1000 });
      expect(existsSync(join(volume, "models/vae/m.safetensors"))).toBe(false);
    } finally {
      cend.remove();
      await gateway.stop();
    }
  });

  it("is called with whole days", async () => {
    const { code, stderr } = await run.cend("prune", "cards", "--keep-days", "-1");
    expect([code, stderr]).toEqual([2, expect.stringContaining("Give a whole number of days")]);
  });
});
