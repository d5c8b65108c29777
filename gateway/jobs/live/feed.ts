import type { PreviewEvent } from "../../../contract/job-events.ts";

/** Whoever wants to know what happens to a job now. None of it may throw. */
export interface Follower {
  /** Its state, or its event log, is another one: look. */
  changed: () => void;
  /** A picture of how far it is, for whoever wants such. */
  preview?: (preview: PreviewEvent) => void;
}

/** Tells those who wait that something happened to a job, so that nobody has to ask again and again. */
export interface JobFeed {
  changed(jobId: string): void;
  /** @param preview made only when somebody wants it */
  preview(jobId: string, preview: () => PreviewEvent): void;
  /** @returns what ends it */
  follow(jobId: string, follower: Follower): () => void;
}

export function createJobFeed(): JobFeed {
  const followers = new Map<string, Set<Follower>>();
  const of = (jobId: string): readonly Follower[] => [...(followers.get(jobId) ?? [])];
  return {
    changed: (jobId) => {
      for (const { changed } of of(jobId)) changed();
    },
    preview: (jobId, make) => {
      const wanting = of(jobId).flatMap(({ preview }) => preview ?? []);
      if (wanting.length === 0) return;
      const preview = make();
      for (const show of wanting) show(preview);
    },
    follow: (jobId, follower) => {
      const others = followers.get(jobId) ?? new Set();
      followers.set(jobId, others.add(follower));
      return () => {
        others.delete(follower);
        if (others.size === 0) followers.delete(jobId);
      };
    },
  };
}
