import { type Command, Option } from "commander";
import type { DownloadOptions } from "../commands/files/download.ts";
import type { ListFilesOptions } from "../commands/files/list.ts";
import type { UploadOptions } from "../commands/files/upload.ts";
import { type Act, wholeNumber } from "./group.ts";

const appFlag = "--app-id <id>";

/** `cend files …`: files of one endpoint, or of whichever has them. */
export function addFiles(program: Command, act: Act): void {
  const files = program.command("files").description("files of deployed apps: list, describe, download, upload them");

  files
    .command("list")
    .description("list files, newest first")
    .option("--limit <number>", "how many", wholeNumber, 50)
    .option("--cursor <cursor>", "go on where a list ended; needs --app-id")
    .option("--media-type <type>", "only files of this media type")
    .addOption(new Option("--source <source>", "only files of this origin").choices(["uploaded", "generated"]))
    .option(appFlag, "ask this app's endpoint, and not all of them")
    .option("--app-id-filter <id>", "only files that are labeled with this app")
    .action((options: ListFilesOptions) =>
      act(async (context) => (await import("../commands/files/list.ts")).run(context, options)),
    );

  files
    .command("get <file_id>")
    .description("tell what is known of a file")
    .option(appFlag, "ask this app's endpoint, and not all of them")
    .action((fileId: string, options: { appId?: string }) =>
      act(async (context) => (await import("../commands/files/get.ts")).run(context, fileId, options)),
    );

  files
    .command("download <file_id>")
    .description("download a file")
    .requiredOption("--out <path>", "file to write, or folder to write it into")
    .option(appFlag, "ask this app's endpoint, and not all of them")
    .action((fileId: string, options: DownloadOptions) =>
      act(async (context) => (await import("../commands/files/download.ts")).run(context, fileId, options)),
    );

  files
    .command("upload")
    .description("upload a file, for runs to name by its id")
    .requiredOption("--in <path>", "file to upload")
    .option("--media-type <type>", "what it holds, when its name does not say so")
    .option("--file-name <name>", "name to store it with, when not its own")
    .option(appFlag, "app whose endpoint it is for; needed when there are several")
    .action((options: UploadOptions) =>
      act(async (context) => (await import("../commands/files/upload.ts")).run(context, options)),
    );
}
