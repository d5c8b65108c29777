/**
 * What one run of the engine knows about its pods: one process serves all hooks of a run, and no other. A pod that is to
 * be replaced must not be adopted by the create that replaces it; a pod that the run keeps or has made must not be
 * deleted as the old one.
 */
const doomed = new Set<string>();
const live = new Set<string>();

export const podRun = {
  doom: (podId: string | null): void => {
    if (podId !== null) doomed.add(podId);
  },
  keep: (podId: string | null): void => {
    if (podId !== null) live.add(podId);
  },
  isDoomed: (podId: string): boolean => doomed.has(podId),
  mayDelete: (podId: string): boolean => doomed.has(podId) || !live.has(podId),
};
