/** Brings what was written to the disk, for many at once. */
export interface SharedSync {
  /**
   * Ends when all that was written before is safe: those who ask while one goes on share the next. Once it has failed it
   * always fails, for nobody knows what is on the disk then.
   */
  sync(): Promise<void>;
  /** Ends when what is being brought to the disk is safe; undefined when nothing is. */
  underWay(): Promise<void> | undefined;
}

export function createSharedSync(syncFile: () => Promise<void>): SharedSync {
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const begin = async (): Promise<void> => {
    await syncFile();
    current = next;
    next = undefined;
  };
  return {
    sync: () => {
      if (current === undefined) return (current = begin());
      // What goes on may have passed over the latest bytes already.
      return (next ??= current.then(begin));
    },
    underWay: () => next ?? current,
  };
}
