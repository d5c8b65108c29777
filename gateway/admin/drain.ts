/** Whether the endpoint takes no more runs, for its pod is to go. What is queued and running is finished. */
export interface Drain {
  /** Begins, or begins anew: a deployment that died must not leave an endpoint that refuses for ever. */
  begin(seconds: number | undefined): void;
  end(): void;
  isOn(): boolean;
}

/** @param now milliseconds; only differences count */
export function createDrain(now: () => number = () => performance.now()): Drain {
  let until = Number.NEGATIVE_INFINITY;
  return {
    begin: (seconds) => {
      until = seconds === undefined ? Number.POSITIVE_INFINITY : now() + seconds * 1000;
    },
    end: () => {
      until = Number.NEGATIVE_INFINITY;
    },
    isOn: () => now() < until,
  };
}
