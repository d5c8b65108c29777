/** Which of a workflow's runs is whose. */
import type { Run } from "./api.ts";

/** What is known of a run that was just started. */
export interface Started {
  /** Part of the run's name; undefined when the workflow knows no such input. */
  correlationId: string | undefined;
  commit: string;
  /** Branch or tag. */
  ref: string;
  /** Login of who started it; undefined when that is not known. */
  actor: string | undefined;
  /** Runs that were there before. */
  earlier: ReadonlySet<string>;
}

/**
 * The runs that may be the one that was started: by its name, or else by commit, branch, time and actor.
 * @returns more than one when they cannot be told apart
 */
export function ownRuns(runs: readonly Run[], { correlationId, commit, ref, actor, earlier }: Started): Run[] {
  if (correlationId !== undefined) return runs.filter(({ title }) => title.includes(correlationId));
  return runs.filter(
    (run) =>
      !earlier.has(run.id) &&
      run.commit === commit &&
      // A run at a tag has none, or the tag.
      (run.branch === undefined || run.branch === ref) &&
      (actor === undefined || run.actor === undefined || run.actor === actor),
  );
}

/** A run that builds this image from this commit already, whoever started it; undefined when there is none. */
export const activeRun = (runs: readonly Run[], imageRef: string, commit: string): Run | undefined =>
  runs.find((run) => run.status !== "completed" && run.commit === commit && namesImage(run.title, imageRef));

/** Only what our workflow calls its runs: another one's name may mean anything. */
const namesImage = (title: string, imageRef: string): boolean =>
  title.startsWith(imageRef) && /^ \([0-9a-f]{12}\)$/.test(title.slice(imageRef.length));
