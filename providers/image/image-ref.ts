import { UserError } from "../../contract/errors.ts";

/** Where an image is: what `ghcr.io/owner/name:tag@sha256:…` is made of. */
export interface ImageRef {
  /** Host with its port, if it has one; `docker.io` for Docker Hub, whatever it was called. */
  registry: string;
  /** As the registry has it: on Docker Hub `nginx` is `library/nginx`. */
  repository: string;
  /** Undefined when a digest alone names the image. */
  tag: string | undefined;
  digest: string | undefined;
}

const host = /^(?:\[[0-9A-Fa-f:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d+)?$/;
const path = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagText = /^\w[\w.-]{0,127}$/;
const digestText = /^sha256:[0-9a-f]{64}$/;
const dockerHub = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/**
 * Reads an image's name as Docker does: without a host it is on Docker Hub, without a tag and a digest it is `latest`.
 * @throws {UserError} naming the text and what is wrong with it
 */
export function parseImageRef(text: string): ImageRef {
  const wrong = (remedy: string) => new UserError(`"${text}" names no image; ${remedy}`);
  const [named = "", digest, ...rest] = text.split("@");
  if (rest.length > 0 || (digest !== undefined && !digestText.test(digest))) {
    throw wrong("a digest is sha256: and 64 hex digits");
  }
  // A colon before the last slash is that of a port.
  const [, location = "", tag] = /^(.*?)(?::([^:/]*))?$/s.exec(named) ?? [];
  if (tag !== undefined && !tagText.test(tag)) throw wrong("a tag is at most 128 letters, digits, _ . and -");
  return { ...parseRepository(location, wrong), tag: tag ?? (digest === undefined ? "latest" : undefined), digest };
}

function parseRepository(
  text: string,
  wrong: (remedy: string) => UserError,
): Pick<ImageRef, "registry" | "repository"> {
  const [first = "", ...rest] = text.split("/");
  const hasHost = rest.length > 0 && (/[.:A-Z]/.test(first) || first === "localhost");
  if (hasHost && !host.test(first)) throw wrong("begin with a registry such as ghcr.io");
  const registry = hasHost ? first.toLowerCase() : "docker.io";
  const repository = hasHost ? rest.join("/") : text;
  if (!path.test(repository)) throw wrong("write it as registry/owner/name:tag, the name in small letters");
  if (!dockerHub.includes(registry)) return { registry, repository };
  return { registry: "docker.io", repository: repository.includes("/") ? repository : `library/${repository}` };
}

/** What is wrong with a repository to push to, as a clause; undefined when it is well. */
export function repositoryProblem(text: string): string | undefined {
  try {
    const { tag, digest } = parseImageRef(text);
    const isBare = digest === undefined && !text.endsWith(`:${tag ?? ""}`);
    return isBare ? undefined : `is "${text}"; give it without a tag: tags are made from what is in an image`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `is "${text}"; give a repository such as ghcr.io/owner/name, in small letters`;
  }
}

export const isTag = (text: string): boolean => tagText.test(text);
