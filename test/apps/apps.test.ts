import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readTextFile } from "../../cli/files.ts";
import { loadDeployable } from "../../contract/deployable.ts";
import { checkArtifacts } from "../../contract/models/check.ts";
import { coreNodes } from "../../contract/models/core-nodes.ts";
import { nodePacks } from "../../contract/nodes/packs.ts";
import { isCommit } from "../../contract/nodes/repository.ts";
import { isLink } from "../../contract/workflow.ts";
import { type CendWithEndpoints, cendWithEndpoints } from "../support/cend-endpoints.ts";
import { apiKey } from "../support/gateway.ts";
import { type ModelServer, modelBytes, startModelServer } from "../support/model-server.ts";

const apps = join(import.meta.dirname, "../../apps");
const names = readdirSync(apps);

describe.each(names)("apps/%s", (name) => {
  const appFile = join(apps, name, "app.json");
  const { app, artifacts, contract, prompt, warnings } = loadDeployable(appFile, readTextFile);
  const models = artifacts.filter(({ kind }) => kind === "model");
  const packs = nodePacks(artifacts, appFile);

  it("is deployable without a warning, under the name of its folder", () => {
    expect([app.app_id, warnings]).toEqual([name, []]);
  });

  it("says in a README what it needs and what a run costs, and names each input there", () => {
    const readme = readFileSync(join(apps, name, "README.md"), "utf8");
    expect(readme).toMatch(/^## What it needs$/m);
    expect(readme).toMatch(/^## What a run costs$/m);
    for (const input of contract.inputs) expect(readme).toContain(`\`${input.name}\``);
  });

  it("links nodes that exist", () => {
    const links = Object.values(prompt).flatMap(({ inputs }) => Object.values(inputs).filter(isLink));
    expect(links.filter(([id]) => prompt[id] === undefined)).toEqual([]);
  });

  it("pins every model to a commit, a size and a hash, and every repository to a commit", () => {
    const loose = models.filter(
      ({ source_url, sha256, size_bytes }) =>
        !isCommit(/\/resolve\/([^/]+)\//.exec(source_url)?.[1] ?? "") ||
        sha256 === undefined ||
        size_bytes === undefined,
    );
    expect(loose).toEqual([]);
    expect([...packs, ...app.build.plugins].filter(({ ref }) => !isCommit(ref))).toEqual([]);
  });

  it("declares no model and no node that its workflow does without", () => {
    const used = new Set(checkArtifacts(artifacts, prompt).matched_models.map(({ source_url }) => source_url));
    expect(models.filter(({ source_url }) => !used.has(source_url))).toEqual([]);
    const classes = new Set(Object.values(prompt).map(({ class_type }) => class_type));
    const provided = packs.flatMap(({ provides }) => provides);
    expect(provided.filter((each) => !classes.has(each) || coreNodes.has(each))).toEqual([]);
  });
});

describe.each(names)("cend with apps/%s", (name) => {
  let hub: ModelServer;
  let run: CendWithEndpoints;
  beforeAll(async () => {
    hub = await startModelServer();
  });
  afterAll(() => hub.close());
  beforeEach(() => {
    hub.requests.length = 0;
    hub.files.clear();
    run = cendWithEndpoints({}, apiKey);
    cpSync(join(apps, name), run.folder, { recursive: true });
  });
  afterEach(() => run.remove());

  /** Has this machine stand for the hubs that the app names; answers the paths that it is to be asked for. */
  function moveHubs(): string[] {
    const file = join(run.folder, "app.json");
    const document = JSON.parse(readFileSync(file, "utf8")) as { artifacts?: { source_url: string }[] };
    const paths = (document.artifacts ?? []).map((artifact) => {
      const { pathname } = new URL(artifact.source_url);
      artifact.source_url = hub.url(pathname);
      return pathname;
    });
    for (const path of paths) hub.files.set(path, { bytes: modelBytes(10) });
    writeFileSync(file, JSON.stringify(document));
    return paths;
  }

  it("finds it valid", async () => {
    const { code, stdout, stderr } = await run.cend("validate", "app.json");
    expect([code, stderr, JSON.parse(stdout)]).toMatchObject([0, "", { app_id: name, result: "ok" }]);
  });

  it("finds every model and node declared, and asks every source", async () => {
    const paths = moveHubs();
    const { code, stdout } = await run.cend("validate-artifacts", "app.json");
    const { ok, errors, warnings } = JSON.parse(stdout) as {
      ok: boolean;
      errors: unknown[];
      warnings: { code: string; target_subdir?: string }[];
    };
    expect([code, ok, errors]).toEqual([0, true, []]);
    // Where a pack of nodes looks for the models that find people in pictures.
    expect(warnings.filter(({ target_subdir }) => target_subdir !== "detection")).toEqual([]);
    expect(new Set(hub.requests.map(({ path }) => path))).toEqual(new Set(paths));
  });

  it("tells of every source that gives nothing", async () => {
    const paths = moveHubs();
    hub.files.clear();
    const { code, stdout } = await run.cend("validate-artifacts", "app.json");
    const { errors } = JSON.parse(stdout) as { errors: { source_url: string }[] };
    expect(errors.map(({ source_url }) => source_url)).toEqual(paths.map((path) => hub.url(path)));
    expect(code).toBe(paths.length === 0 ? 0 : 2);
  });
});
