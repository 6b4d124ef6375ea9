/** Is the job to stop, and why? */

export type Stop = {
  readonly signal: AbortSignal;
  readonly now: (reason: string) => void;
  readonly reason: () => string | undefined;
};

/** The user's signal, and our own reasons. */
export function createStop(signal: AbortSignal): Stop {
  const own = new AbortController();
  let reason: string | undefined;
  const now = (why: string): void => {
    reason ??= why;
    own.abort();
  };
  if (signal.aborted) now("it was asked to stop");
  else signal.addEventListener("abort", () => now("it was asked to stop"), { once: true });
  return { signal: own.signal, now, reason: () => reason };
}
