/** How did a job end, and what does that mean for whoever started it? */

import type { Totals } from "../journal/ledger.ts";
import type { JobSettings } from "../settings.ts";

export type Verdict = "running" | "complete" | "threshold" | "nothing" | "stopped";

/** Exit codes of `batch`; the first two of sysexits.h where nothing else is said. @source DESIGN.md 12 */
export const EXIT_CODES: Readonly<Record<Exclude<Verdict, "running">, number>> = {
  complete: 0,
  threshold: 3,
  nothing: 42,
  stopped: 75,
};

/** Whether more items failed than may. */
export function overThreshold({ failed }: Totals, errorThreshold: number): boolean {
  return errorThreshold >= 0 && failed > errorThreshold;
}

/** Of a job whose every mini-batch is done. */
export function verdictOf(
  totals: Totals,
  { errorThreshold, outputAction }: Pick<JobSettings, "errorThreshold" | "outputAction">,
): Exclude<Verdict, "running" | "stopped"> {
  if (overThreshold(totals, errorThreshold)) return "threshold";
  // @source azureml-contract 5.4: an append_row job without a row fails whatever the threshold
  // A file without a script fails by one bad row, and keeps its good ones.
  const { succeeded, rows } = totals;
  if (outputAction === "append_row" && succeeded === 0 && rows === 0) return "nothing";
  return "complete";
}

export function verdictText(verdict: Verdict, totals: Totals, errorThreshold: number): string {
  switch (verdict) {
    case "running":
      return "running";
    case "complete":
      return "complete";
    case "threshold":
      return `${totals.failed} items failed, error_threshold is ${errorThreshold}`;
    case "nothing":
      return "no item succeeded: not one row came of the input";
    case "stopped":
      return "stopped before its end; start it again and it goes on";
  }
}
