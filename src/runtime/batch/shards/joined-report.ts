/** The reports of all shards as the report of their job: what was counted is added up. */

import type { Totals } from "../journal/ledger.ts";
import type { Report } from "../report/report.ts";

/** @param facts what is of the whole job alone */
export function joinReports(
  reports: readonly [Report, ...(readonly Report[])],
  facts: Pick<Report, "verdict" | "settings" | "totals" | "result">,
): Report {
  const total = (of: (report: Report) => number): number =>
    reports.reduce((all, one) => all + of(one), 0);
  return {
    ...reports[0],
    ...facts,
    shard: null,
    workers: total(({ workers }) => workers),
    starts: total(({ starts }) => starts),
    elapsedMs: Math.max(...reports.map(({ elapsedMs }) => elapsedMs)),
    sources: [...new Set(reports.flatMap(({ sources }) => sources))].toSorted(),
    total: total((report) => report.total),
    errors: reports.flatMap(({ errors }) => errors),
    moreErrors: total(({ moreErrors }) => moreErrors),
  };
}

export function addTotals(a: Totals, b: Totals): Totals {
  return {
    miniBatches: a.miniBatches + b.miniBatches,
    failedMiniBatches: a.failedMiniBatches + b.failedMiniBatches,
    files: a.files + b.files,
    succeeded: a.succeeded + b.succeeded,
    failed: a.failed + b.failed,
    rows: a.rows + b.rows,
    retries: a.retries + b.retries,
    timing: {
      readMs: a.timing.readMs + b.timing.readMs,
      runMs: a.timing.runMs + b.timing.runMs,
      writeMs: a.timing.writeMs + b.timing.writeMs,
    },
  };
}
