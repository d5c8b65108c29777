/** Wakes one waiter. A `notify` that comes before `wait` is kept, so that no news is slept through. */
export interface Signal {
  notify(): void;
  /** Ends at the next notify, or after `milliseconds`, or when `abort` fires. */
  wait(milliseconds: number, abort: AbortSignal): Promise<void>;
}

export function createSignal(): Signal {
  let pending = false;
  let wake: (() => void) | undefined;
  return {
    notify: () => {
      pending = true;
      wake?.();
    },
    wait: (milliseconds, abort) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          abort.removeEventListener("abort", done);
          wake = undefined;
          pending = false;
          resolve();
        };
        const timer = setTimeout(done, milliseconds);
        abort.addEventListener("abort", done);
        wake = done;
        if (pending || abort.aborted) done();
      }),
  };
}
