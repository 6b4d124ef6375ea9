/** A log that keeps what it is told, and a clock that a test moves. */

import type { Clock, Log } from "../../src/core/ports.ts";

export type KeptLog = Log & { readonly lines: readonly string[] };

export function keptLog(): KeptLog {
  const lines: string[] = [];
  const line =
    (level: string) =>
    (message: string): void =>
      void lines.push(`${level} ${message}`);
  return {
    lines,
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
  };
}

export type MovedClock = Clock & {
  readonly move: (ms: number) => void;
  /** Somebody sets the clock: no time passes. */
  readonly set: (ms: number) => void;
};

export function movedClock(): MovedClock {
  let [now, monotonic] = [1_800_000_000_000, 5_000];
  return {
    now: () => now,
    monotonic: () => monotonic,
    move: (ms) => {
      now += ms;
      monotonic += ms;
    },
    set: (ms) => void (now += ms),
  };
}
