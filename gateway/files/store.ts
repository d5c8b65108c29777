import { type FileObject, routePath } from "../../contract/api.ts";

export interface FileRecord {
  /** `fid_` and 32 hex digits. */
  id: string;
  mediaType: string;
  sizeBytes: number;
  /** Hex. */
  sha256: string;
  source: "uploaded" | "generated";
  appId: string | null;
  originalName: string | null;
  /** ISO 8601 in UTC. */
  createdAt: string;
}

export type NewFile = Pick<FileRecord, "mediaType" | "source" | "appId" | "originalName">;

export interface FileFilter {
  mediaType?: string | undefined;
  source?: string | undefined;
  appId?: string | undefined;
}

export interface FilePage {
  files: FileRecord[];
  /** Where the next page begins; null on the last. */
  nextCursor: number | null;
}

/** Uploaded and generated files: what is known of them, and their bytes, which are stored once however often they come. */
export interface FileStore {
  /** Makes up for what a crash left: bytes without a file, files without bytes. Once, before anything else. */
  recover(): Promise<void>;
  /**
   * Stores bytes as they come, hashed on their way; they are on disk when it ends.
   * @throws {FileTooLarge} when there are more than `maxBytes`
   * @throws {FileEmpty} when there are none
   * @throws {NoRoom} for an upload beyond the quota
   */
  add(bytes: AsyncIterable<Uint8Array>, file: NewFile, maxBytes: number): Promise<FileRecord>;
  get(id: string): Promise<FileRecord | undefined>;
  /** Newest first, older than the cursor. */
  list(filter: FileFilter, limit: number, cursor: number | null): Promise<FilePage>;
  /** Removes a file, unless a job that has not ended takes it, or somebody holds it. */
  remove(id: string): Promise<"removed" | "in_use" | "missing">;
  /** Nobody removes that file until the answer is called. There need not be one yet. */
  hold(id: string): () => void;
  /** Absolute path of a file's bytes on this machine, without an extension; undefined when they are gone. */
  localPath(file: FileRecord): Promise<string | undefined>;
  /**
   * Absolute path of a file's bytes for one job: its extension tells nodes what it is.
   * @param mediaType what the workflow takes the file for, when it is not known what it is
   */
  lend(file: FileRecord, mediaType: string, jobId: string): Promise<string | undefined>;
  /** Removes the paths that a job was lent. */
  takeBack(jobId: string): Promise<void>;
  /** Removes files that are past their time. Ends early when `abort` fires. */
  sweep(abort: AbortSignal): Promise<void>;
}

export class FileTooLarge extends Error {
  constructor(maxBytes: number) {
    super(`the file has more than ${maxBytes} bytes`);
  }
}

export class FileEmpty extends Error {
  constructor() {
    super("the file has no bytes");
  }
}

/** Files may not take more space, and none of them can go. */
export class NoRoom extends Error {}

/** A file as the API shows it. */
export function fileBody(file: FileRecord): FileObject {
  return {
    file_id: file.id,
    media_type: file.mediaType,
    size_bytes: file.sizeBytes,
    sha256: file.sha256,
    source: file.source,
    app_id: file.appId,
    original_name: file.originalName,
    created_at: file.createdAt,
    download_path: routePath("downloadFile", { id: file.id }),
  };
}
