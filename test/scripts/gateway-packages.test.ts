import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { gatewayLock, gatewayManifest, type Lock, type Manifest } from "../../scripts/gateway-packages.ts";

const root = join(import.meta.dirname, "../..");
const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), "utf8"));
const text = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

// "npm test -- test/scripts/gateway-packages.test.ts -u" makes both files anew.
describe("the gateway's packages in an image", () => {
  const manifest = gatewayManifest(read("package.json") as Manifest);
  const lock = gatewayLock(manifest, read("package-lock.json") as Lock);

  it("are those of this repository", async () => {
    await expect(text(manifest)).toMatchFileSnapshot(join(root, "docker/gateway/package.json"));
    await expect(text(lock)).toMatchFileSnapshot(join(root, "docker/gateway/package-lock.json"));
  });

  it("hold nothing of the deploy half", () => {
    const names = Object.keys(lock.packages);
    expect(names).toContain("node_modules/express");
    expect(names.filter((name) => /pulumi|commander|vitest|typescript/.test(name))).toEqual([]);
  });

  it("come with what they need themselves, from where Node finds it", () => {
    const packages = {
      "": {},
      "node_modules/a": { dependencies: { b: "1", c: "1" } },
      "node_modules/a/node_modules/b": { dependencies: { c: "1" }, peerDependencies: { d: "1" } },
      "node_modules/b": {},
      "node_modules/c": { optionalDependencies: { nowhere: "1" } },
      "node_modules/d": {},
      "node_modules/e": {},
    };
    const wanted = { name: "n", version: "1", type: "module", dependencies: { a: "1" } };
    const kept = gatewayLock(wanted, { name: "", version: "", lockfileVersion: 3, requires: true, packages });
    expect(Object.keys(kept.packages)).toEqual([
      "",
      ...["node_modules/a", "node_modules/a/node_modules/b", "node_modules/c", "node_modules/d"],
    ]);
  });
});
