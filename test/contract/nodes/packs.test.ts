import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Artifact, artifactsSchema } from "../../../contract/models/artifact.ts";
import { movingPacks, nodePacks, pinPacks } from "../../../contract/nodes/packs.ts";
import { resolveCommit } from "../../../providers/image/git.ts";
import { createNodeFolders, type NodeFolders, type Repository } from "../../support/node-packs.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const node = (fields: Record<string, unknown>) => ({
  kind: "custom_node",
  source_url: "https://x.org/a/Pack",
  ...fields,
});
const artifacts = (...list: unknown[]): Artifact[] => artifactsSchema.parse(list);

describe("packs of nodes", () => {
  it("are the custom nodes among the artifacts, in folders named as git names them", () => {
    const model = { source_url: "https://x.org/m", match: "m", target_subdir: "vae", target_path: "m" };
    const list = artifacts(
      model,
      node({ ref: commit.toUpperCase() }),
      node({ source_url: "git@x.org:a/other.git/", provides: ["A"] }),
      node({ target_path: "third", ref: "v1" }),
    );
    const packs = nodePacks(list, "app.json");
    expect(packs.map(({ at, folder, ref }) => [at, folder, ref])).toEqual([
      [1, "Pack", commit],
      [2, "other", "HEAD"],
      [3, "third", "v1"],
    ]);
    expect(packs[1]?.provides).toEqual(["A"]);
    expect(movingPacks(packs).map(({ at }) => at)).toEqual([2, 3]);
  });

  it.each([
    [node({ source_url: "https://me:secret@x.org/a" }), '"artifacts[0].source_url" holds a login'],
    [node({ source_url: "--upload-pack=evil/a" }), '"artifacts[0].source_url" is "--upload-pack=evil/a"'],
    [node({ ref: "--evil" }), '"artifacts[0].ref" is "--evil"'],
    [node({ source_url: "https://x.org/..git" }), '"artifacts[0].target_path" would be the folder "."'],
    [node({ target_path: "a/b" }), '"artifacts[0].target_path" would be the folder "a/b"'],
  ])("%j is refused", (artifact, message) => {
    expect(() => nodePacks(artifacts(artifact), "app.json")).toThrow(`app.json: ${message}`);
  });

  it("have a folder each", () => {
    expect(() => nodePacks(artifacts(node({}), node({ source_url: "https://x.org/b/pack.git" })), "app.json")).toThrow(
      'app.json: "artifacts[1].target_path" would be the folder "pack", which is that of artifacts[0]; give it another one',
    );
  });
});

describe("refs", () => {
  let folders: NodeFolders;
  let repository: Repository;
  beforeAll(() => {
    folders = createNodeFolders();
    repository = folders.repository("Pack");
  });
  afterAll(() => folders.remove());
  const pinned = async (ref?: string): Promise<string | undefined> =>
    (await pinPacks(artifacts(node({ source_url: repository.url, ref })), "app.json", resolveCommit))[0]?.ref;

  it("become the commits that they are at", async () => {
    const first = repository.commit({ a: "1" });
    repository.git("tag", "-a", "v1", "-m", "one");
    const second = repository.commit({ a: "2" });
    expect([await pinned("v1"), await pinned("main"), await pinned()]).toEqual([first, second, second]);
  });

  it("that are commits are taken without asking anybody", async () => {
    const ask = () => Promise.reject(new Error("asked"));
    expect((await pinPacks(artifacts(node({ ref: commit })), "app.json", ask))[0]?.ref).toBe(commit);
  });

  it("of no commit are named", async () => {
    await expect(pinned("no-such")).rejects.toThrow(
      `app.json: "artifacts[0].ref" is "no-such": ${repository.url} has no branch or tag of that name; give the full commit`,
    );
  });
});
