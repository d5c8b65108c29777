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

/** Uploaded and generated files: what is known of them, and their bytes. */
export interface FileStore {
  /**
   * Stores bytes as they come, hashed on their way; they are on disk when it ends.
   * @throws {FileTooLarge} when there are more than `maxBytes`
   * @throws {FileEmpty} when there are none
   */
  add(bytes: AsyncIterable<Uint8Array>, file: NewFile, maxBytes: number): Promise<FileRecord>;
  get(id: string): Promise<FileRecord | undefined>;
  /** Newest first, older than the cursor. */
  list(filter: FileFilter, limit: number, cursor: number | null): Promise<FilePage>;
  remove(id: string): Promise<void>;
  /** Absolute path of a file's bytes on this machine; undefined when they are gone. */
  localPath(file: FileRecord): Promise<string | undefined>;
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
