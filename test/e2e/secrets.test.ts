import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandLines, holds, textBelow } from "../support/leaks.ts";
import { type StartedRunPod, startLocalRunPod } from "../support/local-runpod.ts";
import { createTestStack, type PulumiRun, type TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

const secrets: Record<string, string> = {
  runpodKey: "rpa_canary_of_the_account_key",
  hfToken: "hf_canary_of_the_hub",
  registryPassword: "ghp_canary_of_the_registry",
};

/** Names of the secrets that a text holds. */
const heldBy = (text: string): string[] =>
  Object.entries(secrets).flatMap(([name, secret]) => (holds(text, secret) ? [name] : []));

describe("no secret in clear", () => {
  let runpod: StartedRunPod;
  let stack: TestStack;
  /** Secrets that were seen on command lines while the engine ran. */
  const onCommandLines = new Set<string>();
  const printed: string[] = [];
  let watch: NodeJS.Timeout;

  const run = async (...args: string[]): Promise<PulumiRun> => {
    const done = await stack.pulumi(...args);
    printed.push(done.output);
    return done;
  };

  beforeAll(async () => {
    runpod = await startLocalRunPod({ apiKey: secrets["runpodKey"] ?? "" });
    // The account's key comes from the stack's config here, the hub's token from the environment.
    stack = await createTestStack({ ...runpod.env, RUNPOD_API_KEY: "", HF_TOKEN: secrets["hfToken"] ?? "" });
    await stack.setSecret("comfy-endpoints:runpodApiKey", secrets["runpodKey"] ?? "");
    await stack.setSecret("comfy-endpoints:registryPassword", secrets["registryPassword"] ?? "");
    await stack.pulumi("config", "set", "comfy-endpoints:registryUsername", "me");
    watch = setInterval(() => {
      for (const name of heldBy(commandLines())) onCommandLines.add(name);
    }, 100);
  });
  afterAll(async () => {
    clearInterval(watch);
    await runpod.close();
    stack.remove();
  });

  it("is printed, stored or shown to other processes by preview, up, refresh, a failed up and destroy", async () => {
    const plan = join(stack.folder, "plan.json");
    await run("preview", "--diff", "--save-plan", plan);
    expect(readFileSync(plan, "utf8")).toContain("RunPodPod");
    const up = await run("up", "--yes", "--skip-preview", "--diff");
    expect(up.code, up.output).toBe(0);
    const { apiKey, webhookSecret } = await stack.outputs();
    Object.assign(secrets, { apiKey: String(apiKey), webhookSecret: String(webhookSecret) });
    const [pod] = runpod.account.pods();
    expect(pod?.job.env).toMatchObject({ HF_TOKEN: secrets["hfToken"], COMFY_ENDPOINTS_API_KEY: secrets["apiKey"] });

    runpod.account.edit(pod?.id ?? "", { env: { HF_TOKEN: "changed by hand" } });
    await run("preview", "--diff", "--save-plan", plan);
    await run("refresh", "--yes", "--skip-preview", "--diff");
    runpod.faults.add({ operation: "podEditJob", kind: "graphql-error", message: "no such thing", code: "X" });
    const failed = await run("up", "--yes", "--skip-preview", "--diff");
    expect(failed.output).toContain("no such thing");
    const stored = textBelow(stack.folder);
    const podLog = await runpod.host.logTail(pod?.id ?? "");
    expect(podLog).toContain("gateway listens");
    await run("up", "--yes", "--skip-preview", "--diff");
    await run("stack", "export");
    const storedLater = textBelow(stack.folder);
    const destroyed = await run("destroy", "--yes", "--skip-preview", "--diff");
    expect(destroyed.code, destroyed.output).toBe(0);

    expect(heldBy(printed.join("\n"))).toEqual([]);
    expect(heldBy(podLog)).toEqual([]);
    expect(heldBy(stored + storedLater + textBelow(stack.folder))).toEqual([]);
    expect([...onCommandLines]).toEqual([]);
    expect(heldBy(JSON.stringify(runpod.operations.all()))).toEqual([]);
  });

  it("would be found in each of these places", async () => {
    const planted = "hf_canary_of_the_hub";
    await stack.pulumi("config", "set", "test:planted", planted);
    const shown = await stack.pulumi("config", "get", "test:planted");
    expect(heldBy(shown.output)).toEqual(["hfToken"]);
    expect(heldBy(textBelow(stack.folder))).toEqual(["hfToken"]);
    writeFileSync(join(stack.folder, "backend", "leak"), Buffer.from(planted).toString("base64"));
    await stack.pulumi("config", "rm", "test:planted");
    expect(heldBy(textBelow(join(stack.folder, "backend")))).toEqual(["hfToken"]);

    const child = spawn("/bin/sleep", ["30"], { argv0: `sleep ${planted}` });
    await until("it was seen on a command line", async () => Promise.resolve(onCommandLines.has("hfToken")));
    child.kill();
  });
});
