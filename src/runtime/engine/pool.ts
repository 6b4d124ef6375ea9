/** Instances that take one request at a time, and the requests that wait for one, in order. */

export type Pool<T> = {
  /** A new or a released instance: the longest waiting request gets it. */
  readonly offer: (instance: T) => void;
  /** An instance that is gone; with the last one those that wait get `undefined`. */
  readonly remove: (instance: T) => void;
  /** The next free instance; `undefined` where there is none to wait for. */
  readonly acquire: () => Promise<T | undefined>;
  readonly members: () => readonly T[];
  readonly queueLength: () => number;
};

export function createPool<T>(): Pool<T> {
  const members = new Set<T>();
  const idle: T[] = [];
  const queue: ((instance: T | undefined) => void)[] = [];
  return {
    offer: (instance) => {
      members.add(instance);
      const next = queue.shift();
      if (next === undefined) idle.push(instance);
      else next(instance);
    },
    remove: (instance) => {
      members.delete(instance);
      if (idle.includes(instance)) idle.splice(idle.indexOf(instance), 1);
      if (members.size > 0) return;
      for (const waiting of queue.splice(0)) waiting(undefined);
    },
    acquire: () => {
      if (members.size === 0) return Promise.resolve(undefined);
      const instance = idle.pop();
      if (instance !== undefined) return Promise.resolve(instance);
      return new Promise((resolve) => queue.push(resolve));
    },
    members: () => [...members],
    queueLength: () => queue.length,
  };
}
