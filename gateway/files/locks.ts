/** Does one piece of work after the other among those of one key; others go on meanwhile. */
export type Locked = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function createLocks(): Locked {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = tails.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === mine) tails.delete(key);
    }
  };
}
