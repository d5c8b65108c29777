import type { Express } from "express";
import { message } from "./bodies.ts";
import { type CommittedFile, commitFiles, sha1, type TestRepository } from "./repository.ts";

const blob = (content: string): string => sha1(`blob ${Buffer.byteLength(content)}\0${content}`);

/** Single files and secrets, as somebody other than git writes them. @param root path of the repository */
export function addContentRoutes(app: Express, root: string, repository: TestRepository): void {
  const filesOf = (branch: unknown): ReadonlyMap<string, CommittedFile> =>
    repository.commits.get(repository.refs[branch as string] ?? "") ?? new Map<string, CommittedFile>();

  app.get(`${root}/contents/*path`, ({ params, query }, response) => {
    const path = params.path.join("/");
    const file = filesOf(query["ref"]).get(path);
    if (file === undefined) response.status(404).json(message("Not Found", 404));
    else {
      const content = Buffer.from(file.content).toString("base64");
      response.json({
        type: "file",
        encoding: "base64",
        size: file.content.length,
        path,
        content,
        sha: blob(file.content),
      });
    }
  });

  app.put(`${root}/contents/*path`, ({ params, body }, response) => {
    const {
      branch,
      content: encoded,
      sha,
    } = body as Record<"branch" | "content" | "message", string> & { sha?: string };
    const path = params.path.join("/");
    const files = filesOf(branch);
    const there = files.get(path);
    if (there !== undefined && sha !== blob(there.content)) {
      const said = sha === undefined ? `Invalid request.\n\n"sha" wasn't supplied.` : `${path} does not match ${sha}`;
      response.status(sha === undefined ? 422 : 409).json(message(said, 422));
      return;
    }
    const content = Buffer.from(encoded, "base64").toString();
    const commit = commitFiles(repository, branch, { ...Object.fromEntries(files), [path]: content });
    response
      .status(there === undefined ? 201 : 200)
      .json({ content: { path, sha: blob(content) }, commit: { sha: commit } });
  });

  app.get(`${root}/actions/secrets/public-key`, (_, response) => {
    response.json({ key_id: "568250167242549743", key: "OmhH2oGVqrWDEdfLYRlaJjXTPgc4gz9h2KfdFmmoBFo=" });
  });

  app.put(`${root}/actions/secrets/:name`, ({ params, body }, response) => {
    const { encrypted_value, key_id } = body as Record<"encrypted_value" | "key_id", string | undefined>;
    if (encrypted_value === undefined || key_id === undefined) {
      response.status(422).json(message(`Invalid request.\n\n"key_id" wasn't supplied.`, 422));
      return;
    }
    const isNew = !repository.secrets.has(params.name);
    repository.secrets.set(params.name, encrypted_value);
    response.status(isNew ? 201 : 204).json({});
  });
}
