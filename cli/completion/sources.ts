import { parseDocument } from "../../contract/parse.ts";
import { workflowContractSchema } from "../../contract/workflow-contract.ts";
import type { Client } from "../client.ts";
import type { Context } from "../context.ts";
import { openClient } from "../endpoint.ts";
import { appsKnownHere } from "../endpoints.ts";
import type { Candidate, Sources } from "./candidates.ts";
import { rememberContract, rememberedContract } from "./contracts.ts";

/** Nobody waits longer for a word. */
const patienceMs = 2500;
/** So long a contract is taken as it was seen; deployments and runs bring it up to date anyway. */
const freshMs = 60 * 60_000;
const shownAtOnce = "20";

/** What completion knows of endpoints: from files where they tell it, else by asking for a moment. */
export function endpointSources(context: Context): Sources {
  const names = appsKnownHere(context);
  // The endpoints' own troubles are not to be told here.
  const quiet: Context = { ...context, output: { ...context.output, note: () => undefined } };

  async function ask<T>(appId: string, question: (client: Client) => Promise<T>): Promise<T | undefined> {
    const interrupted = AbortSignal.any([context.interrupted, AbortSignal.timeout(patienceMs)]);
    try {
      return await question(await openClient({ ...quiet, interrupted }, appId));
    } catch {
      return undefined;
    }
  }

  const files = async (appId: string): Promise<Candidate[]> => {
    const page = await ask(appId, (client) => client.files({ limit: shownAtOnce }));
    return (page?.items ?? []).map(({ file_id, media_type, original_name }) => ({
      word: file_id,
      help: original_name ?? media_type,
    }));
  };

  return {
    apps: () => names.map((word) => ({ word, help: "endpoint" })),
    contract: async (appId) => {
      const seen = rememberedContract(context, appId);
      if (seen !== undefined && seen.ageMs < freshMs) return seen.contract;
      const answer = await ask(appId, async (client) =>
        parseDocument(workflowContractSchema, await client.contract(), client.url),
      );
      if (answer !== undefined) rememberContract(context, appId, answer);
      return answer ?? seen?.contract;
    },
    jobs: async (appId) => {
      const page = await ask(appId, (client) => client.jobs({ limit: shownAtOnce }));
      return (page?.items ?? []).map(({ job_id, state }) => ({ word: job_id, help: state }));
    },
    files: async (appId) => (appId === undefined ? (await Promise.all(names.map(files))).flat() : files(appId)),
  };
}
