/**
 * Does the holder of a lease still live? Its heartbeat is the time of the lease's file, in the clock of
 * its own host: whether that moves is what another host can tell, not how old it is.
 */

import { statSync } from "node:fs";

import type { Clock } from "../../../core/ports.ts";

/** A heartbeat that stands still for so long has stopped. */
export const STALE_MS = 30_000;

export type Pulse = {
  /** Whether this holder's heartbeat has stood still for too long, as far as it was watched. */
  readonly stopped: (token: string) => boolean;
  /** Whether it has moved since it was first looked at. */
  readonly beats: () => boolean;
};

/** To be asked again and again: it knows what it has seen. */
export function createPulse(file: string, clock: Clock): Pulse {
  let seen: { readonly key: string; readonly sinceMs: number } | undefined;
  let moved = false;
  return {
    stopped: (token) => {
      const key = `${token} ${touchedMs(file) ?? "gone"}`;
      const nowMs = clock.monotonic();
      if (seen?.key !== key) {
        moved = seen !== undefined;
        seen = { key, sinceMs: nowMs };
      }
      return nowMs - seen.sinceMs > STALE_MS;
    },
    beats: () => moved,
  };
}

/** By both hosts' clocks, below 0 where the other's is ahead. */
export function beatAge(file: string, clock: Clock): number {
  const touched = touchedMs(file);
  return touched === undefined ? Number.POSITIVE_INFINITY : clock.now() - touched;
}

function touchedMs(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
