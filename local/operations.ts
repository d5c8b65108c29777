/** One operation that somebody asked the local RunPod for. */
export interface Operation {
  /** A root field of the schema, or `proxy`. */
  name: string;
  podId: string | undefined;
  /** ISO 8601. */
  time: string;
  /** What came of it: `ok`, `refused` with RunPod's message in `detail`, or `fault` with its kind. */
  outcome: "ok" | "refused" | "fault";
  detail: string | undefined;
}

/** An operation on its way: it has `arrived`, and nothing was done yet; its effect is `done`, and nothing was answered yet. */
export interface OperationMoment {
  moment: "arrived" | "done";
  /** A root field of the schema. */
  name: string;
  podId: string | undefined;
  isMutation: boolean;
}

/** Sees every operation of the API, and may hold it up. A fault that it adds at an arrival happens to that operation. */
export type OperationWatch = (moment: OperationMoment) => Promise<void> | void;

export interface OperationLog {
  record(operation: Omit<Operation, "time">): void;
  /** Oldest first. */
  all(): Operation[];
  clear(): void;
}

const mostKept = 5000;

export function createOperationLog(): OperationLog {
  let operations: Operation[] = [];
  return {
    record: (operation) => {
      operations.push({ ...operation, time: new Date().toISOString() });
      if (operations.length > mostKept) operations = operations.slice(-mostKept / 2);
    },
    all: () => operations,
    clear: () => {
      operations = [];
    },
  };
}
