import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeApp } from "../support/app-folder.ts";
import { type LocalAccount, startLocalAccount } from "../support/local-account.ts";
import { createNodeFolders, type NodeFolders, type Repository } from "../support/node-packs.ts";
import { createTestStack, type TestStack } from "../support/stack.ts";

describe("an app that adds a pack of nodes", () => {
  let account: LocalAccount;
  let folders: NodeFolders;
  let pack: Repository;
  let stack: TestStack;
  const write = (ref: string): string => {
    const artifacts = [{ kind: "custom_node", source_url: pack.url, ref, provides: ["Other"] }];
    return writeApp(join(folders.folder, "app"), { artifacts });
  };
  beforeAll(async () => {
    account = await startLocalAccount();
    folders = createNodeFolders();
    pack = folders.repository("Pack");
    stack = await createTestStack(account.env, { app: write("no-such") });
  });
  afterAll(async () => {
    await account.close();
    stack.remove();
    folders.remove();
  });

  it("whose commit cannot be told is refused at preview, by name", async () => {
    const { code, output } = await stack.pulumi("preview");
    expect(code).not.toBe(0);
    expect(output).toContain(
      `"artifacts[0].ref" is "no-such": ${pack.url} has no branch or tag of that name; give the full commit`,
    );
    expect(output).not.toContain("    at ");
  });

  it("tells its pod the commit that a branch is at", async () => {
    const commit = pack.commit({ "a.py": "" });
    write("main");
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect(output).toContain('"artifacts[0].ref" is "main"; each deployment takes the commit that it is then');
    const [pod] = await account.pods();
    const variable = pod?.env.find((each) => each.startsWith("COMFY_ENDPOINTS_APP_ARTIFACTS_JSON=")) ?? "";
    expect(JSON.parse(variable.slice(variable.indexOf("=") + 1))).toMatchObject([{ ref: commit }]);
  });
}, 180_000);
