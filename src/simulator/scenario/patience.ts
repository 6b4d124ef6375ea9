/** Waiting that ends when the scenario does. */

import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";

/** @throws AbortError as soon as the scenario is stopped */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal });
}

/** What the work resolves with. @throws AbortError as soon as the scenario is stopped */
export async function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const done = new AbortController();
  try {
    const stopped = once(signal, "abort", { signal: done.signal }).then((): never => {
      throw signal.reason;
    });
    return await Promise.race([work, stopped]);
  } finally {
    done.abort();
  }
}

export function isStop(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
