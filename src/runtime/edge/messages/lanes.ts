/**
 * How much of messages is scored at a time, over all of them: as much as the deployments have slots.
 * More would only fill the queue, and whoever asks over HTTP would find no room in it.
 */

export type Lanes = <T>(work: () => Promise<T>) => Promise<T>;

/** First come, first served. */
export function createLanes(width: () => number): Lanes {
  let running = 0;
  const waiting: (() => void)[] = [];
  const next = (): void => {
    while (running < Math.max(1, width())) {
      const start = waiting.shift();
      if (start === undefined) return;
      running += 1;
      start();
    }
  };
  return async (work) => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      next();
    });
    try {
      return await work();
    } finally {
      running -= 1;
      next();
    }
  };
}
