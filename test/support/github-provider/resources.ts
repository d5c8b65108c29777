import { plain, secret } from "../docker-provider/inputs.ts";
import type { Send } from "./rest.ts";

type Properties = Record<string, unknown>;

/** What a type of resource does. */
interface Resource {
  /** Properties that replace the resource when they change. */
  replaces: string[];
  /** @returns id and outputs */
  put(inputs: Properties, send: Send, isNew: boolean): Promise<{ id: string; outs: Properties }>;
  remove(inputs: Properties, send: Send): Promise<void>;
}

interface FileContent {
  sha: string;
}

/** [documented] A file of a branch; one that is there already is written over only when that is asked for. */
const repositoryFile: Resource = {
  replaces: ["repository", "file", "branch"],
  put: async (inputs, send, isNew) => {
    const { repository, file, branch, content, commitMessage, overwriteOnCreate } = inputs as Record<string, string>;
    const there = await send<FileContent>("GET", `contents/${file ?? ""}?ref=${branch ?? ""}`);
    if (isNew && there !== undefined && overwriteOnCreate === undefined) {
      throw new Error(`refusing to overwrite existing file: configure overwrite_on_create to true to override`);
    }
    const put = await send<{ content: FileContent; commit: { sha: string } }>("PUT", `contents/${file ?? ""}`, {
      ...{ message: commitMessage, branch, content: Buffer.from(content ?? "").toString("base64") },
      ...(there !== undefined && { sha: there.sha }),
    });
    const outs = { ...inputs, sha: put?.content.sha, commitSha: put?.commit.sha };
    return { id: `${repository ?? ""}:${file ?? ""}:${branch ?? ""}`, outs };
  },
  remove: async ({ file, branch }, send) => {
    const there = await send<FileContent>("GET", `contents/${String(file)}?ref=${String(branch)}`);
    await send("DELETE", `contents/${String(file)}`, { message: "Delete", branch, sha: there?.sha });
  },
};

/** [documented] A secret for workflows. The value is sealed for the repository's key; here that is a box without a lock. */
const actionsSecret: Resource = {
  replaces: ["repository", "secretName"],
  put: async (inputs, send) => {
    const { repository, secretName, value } = plain(inputs) as Record<string, string>;
    const key = await send<{ key_id: string }>("GET", "actions/secrets/public-key");
    const encrypted_value = Buffer.from(value ?? "").toString("base64");
    await send("PUT", `actions/secrets/${secretName ?? ""}`, { encrypted_value, key_id: key?.key_id });
    return { id: `${repository ?? ""}:${secretName ?? ""}`, outs: { ...inputs, value: secret(value) } };
  },
  remove: async ({ secretName }, send) => {
    await send("DELETE", `actions/secrets/${String(secretName)}`);
  },
};

export const resources: Record<string, Resource | undefined> = {
  "github:index/repositoryFile:RepositoryFile": repositoryFile,
  "github:index/actionsSecret:ActionsSecret": actionsSecret,
};
