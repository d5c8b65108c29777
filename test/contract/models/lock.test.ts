import { describe, expect, it } from "vitest";
import { loadDeployable } from "../../../contract/deployable.ts";
import { lockText } from "../../../contract/models/lock.ts";
import { appDocument, contractDocument, workflowDocument } from "../../support/apps.ts";

const sha256 = "ab".repeat(32);
const model = { source_url: "https://hub/m/main", match: "m", target_subdir: "vae", target_path: "m" };
const locked = { source_url: model.source_url, url: "https://hub/m/0123", revision: "0123", sha256, size: 7 };

const load = (artifact: object, lock: string | undefined) => {
  const files: Record<string, string | undefined> = {
    "/app/app.json": JSON.stringify({ ...appDocument, artifacts: [artifact] }),
    "/app/workflow.json": JSON.stringify(workflowDocument),
    "/app/workflow.contract.json": JSON.stringify(contractDocument),
    "/app/models.lock.json": lock,
  };
  return loadDeployable("/app/app.json", (path) => files[path]);
};

describe("models.lock.json beside app.json", () => {
  it("says where a model comes from, and what it is", () => {
    const { app, artifacts, warnings } = load(model, lockText({ "vae/m": locked }));
    expect(artifacts).toEqual([
      { ...model, kind: "model", source_url: locked.url, sha256, size_bytes: 7, provides: [], ref: undefined },
    ]);
    expect([app.artifacts[0]?.source_url, warnings]).toEqual([model.source_url, []]);
  });

  it("is not needed", () => {
    expect(load(model, undefined).artifacts).toMatchObject([model]);
  });

  it.each([
    ["lacks a model", lockText({})],
    ["was made for another source", lockText({ "vae/m": { ...locked, source_url: "https://hub/old" } })],
  ])("that %s is told of, and the model comes as declared", (_, lock) => {
    const { artifacts, warnings } = load(model, lock);
    expect(artifacts).toMatchObject([model]);
    expect(warnings).toEqual([
      '/app/models.lock.json does not have "vae/m" from https://hub/m/main; run comfy-endpoints lock',
    ]);
  });

  it("says which commit a pack of nodes is at", () => {
    const node = { kind: "custom_node", source_url: "https://x.org/Pack", ref: "main" };
    const pack = { source_url: node.source_url, ref: "main", commit: "cd".repeat(20) };
    expect(load(node, lockText({}, { Pack: pack }))).toMatchObject({ artifacts: [{ ref: pack.commit }], warnings: [] });
    const other = load(node, lockText({}, { Pack: { ...pack, ref: "v1" } }));
    expect([other.artifacts[0]?.ref, other.warnings]).toEqual([
      "main",
      [
        '"artifacts[0].ref" is "main"; each deployment takes the commit that it is then; run comfy-endpoints lock, or give the full commit',
      ],
    ]);
  });

  it("cannot speak against app.json", () => {
    expect(() => load({ ...model, sha256: "cd".repeat(32) }, lockText({ "vae/m": locked }))).toThrow(
      `/app/models.lock.json: "models.vae/m.sha256" is "${sha256}", and ${"cd".repeat(32)} in app.json; correct one of them`,
    );
  });

  it("is refused when it is broken", () => {
    expect(() => load(model, "{}")).toThrow('"version"');
    expect(() => load(model, "{")).toThrow("/app/models.lock.json is not valid JSON");
  });
});
