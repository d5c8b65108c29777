import { documentError, type Problem, UserError } from "../errors.ts";
import type { Artifact } from "../models/artifact.ts";
import { holdsLogin, isCommit, repositoryName } from "./repository.ts";

/** A pack of nodes that a pod fetches when it boots. */
export interface NodePack {
  /** Its place in `artifacts`. */
  at: number;
  /** Git URL. */
  repo: string;
  /** A full commit, once it is pinned. */
  ref: string;
  /** Below ComfyUI's custom_nodes. */
  folder: string;
  /** Node classes that it is said to bring. */
  provides: readonly string[];
}

/** What the repository's own default is. */
const usualRef = "HEAD";

/**
 * The packs among an app's artifacts, in the order they are installed in.
 * @param subject what the artifacts are called in errors
 * @throws {UserError} with every problem
 */
export function nodePacks(artifacts: readonly Artifact[], subject: string): NodePack[] {
  const packs = artifacts.flatMap((artifact, at) => packOf(artifact, at) ?? []);
  const problems = packs.flatMap((pack, place) => packProblems(pack, packs.slice(0, place)));
  if (problems.length > 0) throw documentError(subject, problems);
  return packs;
}

/** An artifact as a pack; undefined for a model. */
export function packOf(artifact: Artifact, at: number): NodePack | undefined {
  if (artifact.kind !== "custom_node") return undefined;
  const { source_url: repo, ref: given = usualRef, provides } = artifact;
  const ref = isCommit(given) ? given.toLowerCase() : given;
  return { at, repo, ref, provides, folder: artifact.target_path || repositoryName(repo) };
}

function packProblems({ at, repo, ref, folder }: NodePack, before: readonly NodePack[]): Problem[] {
  const problem = (field: string, message: string): Problem => ({ path: `artifacts[${at}].${field}`, message });
  const problems: Problem[] = [];
  if (holdsLogin(repo)) {
    problems.push(problem("source_url", "holds a login, which the pod would show; give a repository that is open"));
  } else if (repo.startsWith("-")) {
    problems.push(problem("source_url", `is "${repo}"; give the URL of a git repository`));
  }
  if (ref.startsWith("-")) problems.push(problem("ref", `is "${ref}"; give a commit, a tag or a branch`));
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(folder)) {
    const message = `would be the folder "${folder}"; give one name of letters, digits, ., _ and -`;
    problems.push(problem("target_path", message));
  }
  const other = before.find((each) => each.folder.toLowerCase() === folder.toLowerCase());
  if (other !== undefined) {
    const message = `would be the folder "${folder}", which is that of artifacts[${other.at}]; give it another one`;
    problems.push(problem("target_path", message));
  }
  return problems;
}

/** Packs that may be another one tomorrow. */
export const movingPacks = (packs: readonly NodePack[]): NodePack[] => packs.filter(({ ref }) => !isCommit(ref));

/**
 * The artifacts with a commit for every pack's branch or tag.
 * @param commitOf asks the repository; throws {@link UserError}s that say in a clause why it cannot be told
 * @throws {UserError} with every ref that is of no commit
 */
export async function pinPacks(
  artifacts: readonly Artifact[],
  subject: string,
  commitOf: (repo: string, ref: string) => Promise<string>,
): Promise<Artifact[]> {
  const problems: Problem[] = [];
  const commits = new Map<number, string>();
  const pin = async ({ at, repo, ref }: NodePack): Promise<void> => {
    try {
      commits.set(at, await commitOf(repo, ref));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push({ path: `artifacts[${at}].ref`, message: `is "${ref}": ${error.message}; give the full commit` });
    }
  };
  await Promise.all(movingPacks(nodePacks(artifacts, subject)).map(pin));
  if (problems.length > 0) throw documentError(subject, problems);
  return artifacts.map((artifact, at) => ({ ...artifact, ref: commits.get(at) ?? artifact.ref }));
}
