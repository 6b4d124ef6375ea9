/** What is one measurement: how many samples, how far apart, and how does a signal get into it? */

export const SAMPLE_RATE_HZ = 5120;
export const WINDOW_SAMPLES = 512;
/** A tenth of a second. */
export const WINDOW_SECONDS = WINDOW_SAMPLES / SAMPLE_RATE_HZ;

export type Signal = {
  /** In g. */
  readonly at: (seconds: number) => number;
  /** Absent: the whole window. */
  readonly fromSeconds?: number;
  readonly toSeconds?: number;
};

export function addSignal(window: Float64Array, signal: Signal): void {
  const { at, fromSeconds = 0, toSeconds = WINDOW_SECONDS } = signal;
  const first = Math.max(0, Math.ceil(fromSeconds * SAMPLE_RATE_HZ));
  const end = Math.min(window.length, toSeconds * SAMPLE_RATE_HZ);
  for (let i = first; i < end; i += 1) {
    window[i] = (window[i] as number) + at(i / SAMPLE_RATE_HZ);
  }
}
