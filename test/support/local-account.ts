import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type LocalRunPod, startLocalRunPod, stopLocalRunPod } from "../../scripts/demo/local-runpod.ts";

const podAnswer = z.object({
  id: z.string(),
  name: z.string(),
  desiredStatus: z.string(),
  imageName: z.string(),
  /** `KEY=VALUE` each. */
  env: z.array(z.string()),
});

const podsAnswer = z.object({
  data: z.object({
    myself: z.object({ pods: z.array(podAnswer) }),
  }),
});

const operationsAnswer = z.object({ operations: z.array(z.looseObject({ name: z.string() })) });

/** A local RunPod as a process of its own, and what its console would show. */
export interface LocalAccount {
  env: LocalRunPod["env"];
  pods(): Promise<z.output<typeof podAnswer>[]>;
  /** Runs a mutation by hand, as in RunPod's console. */
  mutate(mutation: string): Promise<void>;
  /** Names of the operations it has served so far. */
  operations(): Promise<string[]>;
  close(): Promise<void>;
}

export async function startLocalAccount(): Promise<LocalAccount> {
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-runpod-"));
  const runPod = await startLocalRunPod(folder, false);
  const graphql = async (query: string): Promise<unknown> => {
    const answer = await fetch(`${runPod.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${runPod.env["RUNPOD_API_KEY"] ?? ""}`,
        "user-agent": "test",
      },
      body: JSON.stringify({ query }),
    });
    return answer.json();
  };
  return {
    env: runPod.env,
    pods: async () =>
      podsAnswer.parse(await graphql("{ myself { pods { id name desiredStatus imageName env } } }")).data.myself.pods,
    mutate: async (mutation) => {
      const answer = z.looseObject({ errors: z.unknown().optional() }).parse(await graphql(`mutation { ${mutation} }`));
      if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
    },
    operations: async () =>
      operationsAnswer
        .parse(await (await fetch(`${runPod.url}/local/operations`)).json())
        .operations.map(({ name }) => name),
    close: async () => {
      await stopLocalRunPod(runPod.pid);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
