import { afterEach, describe, expect, it } from "vitest";
import { pullProblem } from "../../components/private-image.ts";
import { createRegistry } from "../../providers/image/registry/registry.ts";
import { type RegistrySettings, startTestRegistry, type TestRegistry } from "../support/registry.ts";

const users = { me: "secret" };

let registry: TestRegistry;
afterEach(() => registry.close());

/** Of an image that is there, after this machine has looked for it with its own login. */
async function problem(settings: RegistrySettings): Promise<string | undefined> {
  registry = await startTestRegistry({ users, ...settings });
  registry.put("me/golden", "1");
  const login = () => Promise.resolve({ source: "Docker", username: "me", password: users.me });
  const client = createRegistry({ timeoutMs: 5000, retryDelaysMs: [], login });
  const imageRef = `${registry.host}/me/golden:1`;
  await client.digest(imageRef);
  return pullProblem(imageRef, client);
}

describe("a pod that is given no login", () => {
  it.each<RegistrySettings>([{ auth: "basic" }, { auth: "token" }])(
    "cannot pull an image that is private, with %o",
    async (settings) => {
      expect(await problem(settings)).toBe(
        `${registry.host}/me/golden:1 is private, and the pod is given no login to pull it with, for Docker's own stays on this machine; set comfy-endpoints:registryUsername and registryPassword in the stack's config`,
      );
    },
  );

  it.each<RegistrySettings>([{ auth: "none" }, { auth: "token", open: ["me/golden"] }])(
    "can pull one that everybody may, for which the registry is not asked again, with %o",
    async (settings) => {
      expect(await problem(settings)).toBeUndefined();
      expect(registry.asked.filter((line) => line.startsWith("HEAD"))).toHaveLength(settings.auth === "none" ? 1 : 2);
    },
  );

  it("may pull what is not there yet, or the registry does not tell of", async () => {
    registry = await startTestRegistry({ auth: "none" });
    const client = createRegistry({ timeoutMs: 5000, retryDelaysMs: [10], login: () => Promise.resolve(undefined) });
    expect(await pullProblem(`${registry.host}/me/golden:1`, client)).toBeUndefined();
    registry.faults.push({ status: 503 });
    expect(await pullProblem(`${registry.host}/me/golden:2`, client)).toBeUndefined();
  });
});
