import type { Context } from "../../context.ts";
import { askEndpoints, exitCodeOfAll, reportedErrors, valuesOf } from "../../endpoints.ts";
import { UsageError } from "../../errors.ts";
import type { ExitCode } from "../../exit-code.ts";
import { aligned } from "../../output.ts";

export interface ListFilesOptions {
  limit: number;
  cursor?: string;
  mediaType?: string;
  source?: string;
  /** App whose endpoint is asked; all are when it is left out. */
  appId?: string;
  /** App that the files themselves are labeled with. */
  appIdFilter?: string;
}

/** Lists files of one endpoint or of all, newest first. */
export async function run(context: Context, options: ListFilesOptions): Promise<ExitCode> {
  const { limit, cursor, mediaType, source, appId, appIdFilter } = options;
  const filter = { limit: String(limit), cursor, media_type: mediaType, source, app_id: appIdFilter };
  if (cursor !== undefined && appId === undefined) {
    throw new UsageError("--cursor goes on with one endpoint's list; say whose with --app-id");
  }
  const answers = await askEndpoints(context, appId, (client) => client.files(filter));
  const lists = valuesOf(answers);
  const all = new Map(lists.flatMap(({ value }) => value.items).map((file) => [file.file_id, file]));
  const items = [...all.values()].sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at)).slice(0, limit);

  const next = answers.length === 1 ? lists[0]?.value.next_cursor : undefined;
  const document = { items, ...(next !== undefined && { next_cursor: next }), ...reportedErrors(answers) };
  context.output.result(document, () => [
    ...aligned([
      ["file", "type", "bytes", "made", "name"],
      ...items.map((file) => [
        ...[file.file_id, file.media_type, String(file.size_bytes), file.created_at],
        `${file.original_name ?? "-"} (${file.source})`,
      ]),
    ]),
    ...(typeof next === "string" ? [`more: --cursor ${next}`] : []),
  ]);
  for (const { app_id, error } of document.errors ?? []) context.output.note(`${app_id}: ${error}`);
  return exitCodeOfAll(answers);
}
