import type { Artifact } from "../../contract/models/artifact.ts";
import { type ArtifactFinding, checkArtifacts } from "../../contract/models/check.ts";
import { openApp } from "../app.ts";
import { lookUp } from "../artifacts/sources.ts";
import type { Context } from "../context.ts";
import { type ExitCode, exitCodes } from "../exit-code.ts";
import { networkReason } from "../http/network-reason.ts";

export interface ValidateArtifactsOptions {
  /** Whether sources are asked; default yes. */
  network: boolean;
}

/** Checks that an app's artifacts bring what its workflow needs, and that their sources give them. */
export async function run(context: Context, spec: string, { network }: ValidateArtifactsOptions): Promise<ExitCode> {
  const { output } = context;
  const { artifacts, prompt } = openApp(context, spec);
  const { errors, warnings, matched_models } = checkArtifacts(artifacts, prompt);
  const unreachable = network
    ? await Promise.all(artifacts.map((artifact) => unreachableSource(context, artifact)))
    : [];
  const all = [...errors, ...unreachable.flat()];
  const document = {
    ok: all.length === 0,
    ...{ errors: all, warnings, matched_models },
    source_urls: [...new Set(artifacts.map(({ source_url }) => source_url))],
  };
  output.result(document, () => [
    ...all.map(({ message }) => `error: ${message}`),
    ...warnings.map(({ message }) => `warning: ${message}`),
    ...(document.ok ? ["the artifacts bring every model that the workflow names"] : []),
  ]);
  return document.ok ? exitCodes.done : exitCodes.usage;
}

/** What git fetches over ssh is not asked for: only the pod has the key. */
async function unreachableSource(context: Context, { kind, source_url }: Artifact): Promise<ArtifactFinding[]> {
  if (kind === "custom_node" && !/^https?:/.test(source_url)) return [];
  const { problem } = await (kind === "model" ? lookUp(context, source_url) : lookAtRepository(context, source_url));
  return problem === undefined
    ? []
    : [{ code: "artifact_source_unreachable", message: problem, source_url, detail: problem }];
}

/** A repository answers as a page does. */
async function lookAtRepository({ interrupted }: Context, url: string): Promise<{ problem?: string }> {
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(30_000)]);
  const answer = await fetch(url, { signal }).catch((error: unknown) => {
    interrupted.throwIfAborted();
    return error as Error;
  });
  if (answer instanceof Error) return { problem: `${url} cannot be asked: ${networkReason(answer)}` };
  await answer.body?.cancel();
  return answer.ok ? {} : { problem: `${url} answers ${answer.status}; check "source_url"` };
}
