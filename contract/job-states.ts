export const jobStates = ["queued", "running", "completed", "failed", "canceled"] as const;
export type JobState = (typeof jobStates)[number];

/** States a job does not leave. */
export const terminalStates: readonly JobState[] = ["completed", "failed", "canceled"];
export const isTerminal = (state: JobState): boolean => terminalStates.includes(state);
