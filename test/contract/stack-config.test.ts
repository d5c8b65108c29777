import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stackConfigKeys } from "../../contract/stack-config.ts";

const project = readFileSync(join(import.meta.dirname, "../../Pulumi.yaml"), "utf8");

it("has every key that Pulumi.yaml describes, and says of the same ones that they are secret", () => {
  const described = [...project.matchAll(/comfy-endpoints:(\w+)/g)].map(([, key]) => key);
  expect(Object.keys(stackConfigKeys).sort()).toEqual([...new Set(described)].sort());
  const secret = [...project.matchAll(/comfy-endpoints:(\w+) +string, secret/g)].map(([, key]) => key);
  expect(
    Object.entries(stackConfigKeys)
      .filter(([, key]) => key.secret)
      .map(([key]) => key)
      .sort(),
  ).toEqual(secret.sort());
});
