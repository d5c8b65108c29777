import { extname } from "node:path";
import type { ContractOutput } from "../../contract/workflow-contract.ts";
import type { ComfyClient } from "../comfy/client.ts";
import type { ComfyEvent } from "../comfy/frames.ts";
import { defaultMediaType, mediaTypeOf } from "../files/media-types.ts";
import { FileEmpty, type FileRecord, type FileStore } from "../files/store.ts";
import { type Found, type NodeOutput, type OutputFile, OutputProblem, outputFiles } from "../workflow/outputs.ts";
import type { JobResult } from "./store.ts";

export interface OutputsOptions {
  client: Pick<ComfyClient, "view">;
  files: FileStore;
  appId: string | null;
}

/** Brings what prompts make from ComfyUI into the file store, of one prompt at a time. */
export interface Outputs {
  /** @param abort its files are not wanted any more */
  begin(promptId: string, declared: readonly ContractOutput[], abort: AbortSignal): void;
  /**
   * ComfyUI told something. When it says that the prompt has ended, its files are fetched as it named them before, while
   * its history, which counts, is still read.
   */
  event(event: ComfyEvent): void;
  /**
   * Names what the history has as the contract does: files by their file id, values as they are.
   * @throws {OutputProblem} when a file is gone; then nothing is kept
   */
  store(found: readonly Found[]): Promise<JobResult>;
  /** Drops what was fetched in vain. */
  end(): Promise<void>;
}

interface Current {
  promptId: string;
  declared: readonly ContractOutput[];
  /** What its nodes made, as far as ComfyUI told. */
  told: Map<string, NodeOutput>;
  /** Files on their way or stored, which no result has yet, by their place in ComfyUI. */
  fetched: Map<string, Promise<FileRecord>>;
  /** Ends what is on its way. */
  over: AbortController;
  fetch: (output: ContractOutput, file: OutputFile) => Promise<FileRecord>;
}

export function createOutputs({ client, files, appId }: OutputsOptions): Outputs {
  let current: Current | undefined;

  const fetchTold = async ({ declared, told, fetched, over, fetch }: Current): Promise<void> => {
    const all = declared.flatMap((output) =>
      outputFiles(output, told.get(output.node_id)).map((file) => ({ output, file })),
    );
    told.clear();
    for (const { output, file } of all) {
      if (over.signal.aborted) return;
      const fetching = fetch(output, file);
      fetched.set(placeOf(output, file), fetching);
      // One after the other. What fails is tried once more when history names it.
      await fetching.catch(() => undefined);
    }
  };
  /** A file that a result has from now on. */
  const take = async ({ fetched, fetch }: Current, output: ContractOutput, file: OutputFile): Promise<FileRecord> => {
    const place = placeOf(output, file);
    const record = await fetched.get(place)?.catch(() => undefined);
    fetched.delete(place);
    return record ?? fetch(output, file);
  };

  return {
    begin: (promptId, declared, abort) => {
      const over = new AbortController();
      const signal = AbortSignal.any([abort, over.signal]);
      const fetch: Current["fetch"] = (output, file) => storeFile(file, output, client, files, appId, signal);
      current = { promptId, declared, told: new Map(), fetched: new Map(), over, fetch };
    },
    event: (event) => {
      if (current === undefined || (event.promptId ?? current.promptId) !== current.promptId) return;
      if (event.kind === "executed") current.told.set(event.node, event.output);
      // Not before: what a node saved, a later one may change.
      else if (event.kind === "ended") void fetchTold(current);
    },
    store: async (found) => {
      if (current === undefined) throw new Error("no prompt has begun");
      const result: JobResult = {};
      const stored: FileRecord[] = [];
      try {
        for (const each of found) {
          const items: unknown[] = "values" in each ? each.values : [];
          for (const file of "files" in each ? each.files : []) {
            const record = await take(current, each.output, file);
            stored.push(record);
            items.push(record.id);
          }
          result[each.output.name] = each.output.multiple === true ? items : items[0];
        }
      } catch (error) {
        for (const file of stored) await files.remove(file.id);
        throw error;
      }
      return result;
    },
    end: async () => {
      const ended = current;
      current = undefined;
      ended?.over.abort(inVain);
      for (const fetching of ended?.fetched.values() ?? []) {
        const file = await fetching.catch(() => undefined);
        if (file !== undefined) await files.remove(file.id);
      }
    },
  };
}

// Made once: an error made at every job's end would hold up its answer.
const inVain = new Error("the job has ended");

const placeOf = ({ name }: ContractOutput, { filename, subfolder, type }: OutputFile): string =>
  JSON.stringify([name, filename, subfolder, type]);

async function storeFile(
  file: OutputFile,
  { name, type }: ContractOutput,
  client: Pick<ComfyClient, "view">,
  files: FileStore,
  appId: string | null,
  abort: AbortSignal,
): Promise<FileRecord> {
  const view = await client.view(file, abort);
  if (view === undefined) throw new OutputProblem(`MISSING_ARTIFACTS:${name}`);
  const seen = mediaTypeOf(view.contentType);
  // `file/…` is the contract's own way to say "any file", and no media type that others know.
  const mediaType = seen === defaultMediaType && !type.startsWith("file/") ? type : seen;
  try {
    return await files.add(
      view.bytes,
      { mediaType, source: "generated", appId, originalName: `${name}${extname(file.filename)}` },
      Number.POSITIVE_INFINITY,
    );
  } catch (error) {
    if (error instanceof FileEmpty) throw new OutputProblem(`MISSING_ARTIFACTS:${name}`, { cause: error });
    throw error;
  }
}
