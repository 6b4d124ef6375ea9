/** How does a server stand against the bare one at the same case and the same connections? */

import type { Scoring } from "../measures/scoring.ts";
import { BARE } from "../servers/bare.ts";

export type Ratios = { readonly cpu: number; readonly requestsPerSecond: number };

/** `undefined` where the bare server was not measured, or is this one. */
export function ratiosOf(row: Scoring, rows: readonly Scoring[]): Ratios | undefined {
  const bare = rows.find(
    (other) =>
      other.server === BARE && other.case === row.case && other.connections === row.connections,
  );
  if (bare === undefined || bare === row) return undefined;
  // Of a server that answered nothing in its rounds there is no cost of a request.
  if (bare.requestsPerSecond === 0 || row.requestsPerSecond === 0) return undefined;
  return {
    cpu: row.cpuUs / bare.cpuUs,
    requestsPerSecond: row.requestsPerSecond / bare.requestsPerSecond,
  };
}
