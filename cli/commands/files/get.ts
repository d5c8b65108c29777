import type { Context } from "../../context.ts";
import { askEndpoints, firstOf } from "../../endpoints.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { aligned } from "../../output.ts";

/** Tells what is known of a file, whichever endpoint has it. */
export async function run(context: Context, fileId: string, { appId }: { appId?: string }): Promise<ExitCode> {
  const answers = await askEndpoints(context, appId, (client) => client.file(fileId));
  const { appId: owner, value: file } = firstOf(answers, `the file ${fileId}`);
  context.output.result(file, () =>
    aligned([
      ["file", context.output.strong(file.file_id)],
      ["name", file.original_name ?? "-"],
      ["type", `${file.media_type}, ${file.size_bytes} bytes`],
      ["sha256", file.sha256],
      ["made", `${file.created_at}, ${file.source}`],
      ["endpoint", owner],
    ]),
  );
  return exitCodes.done;
}
