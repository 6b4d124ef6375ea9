/** The end of a job: its result, its report, and the journal that nobody needs any more. */

import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { writeDone } from "./journal/done.ts";
import type { Done } from "./journal/done.ts";
import { dropJournal } from "./journal/folder.ts";
import type { JobFolder } from "./journal/folder.ts";
import type { JobOptions } from "./job-options.ts";
import type { Lease } from "./journal/lease.ts";
import type { Ledger } from "./journal/ledger.ts";
import type { JobLogs } from "./report/logs.ts";
import { renderProgress, writeProgress } from "./report/progress.ts";
import type { Progress } from "./report/progress.ts";
import { renderReportPage } from "./report/report-page.ts";
import type { Report } from "./report/report.ts";
import { renderHead, writeResult } from "./result.ts";
import { verdictText } from "./report/verdict.ts";

const WHOLE = "result.";

/**
 * The result appears under its name, then it is said that the job is done.
 *
 * @throws Error where the lease is lost; what the job then has is its new holder's
 */
export function complete(
  { settings }: JobOptions,
  {
    folder,
    ledger,
    report,
    lease,
  }: {
    readonly folder: JobFolder;
    readonly ledger: Ledger;
    readonly report: Report;
    readonly lease: Lease;
  },
): void {
  const head = ledger.head();
  const { rows } = ledger.totals();
  const done: Done = { head, headBytes: 0, rows, bytes: null, sha256: null, report };
  if (settings.outputAction === "summary_only") {
    lease.demand();
    writeDone(folder.state, done);
    return;
  }
  const headBytes = renderHead(settings.format, head, rows);
  dropLeftovers(folder);
  // A name of its own: whoever is taken over here while it writes must not write into the other's.
  const whole = join(folder.state, WHOLE + lease.token);
  const written = writeResult(whole, { head: headBytes, rows: ledger.rows() });
  lease.demand();
  renameSync(whole, folder.result);
  lease.demand();
  writeDone(folder.state, { ...done, headBytes: headBytes.length, ...written });
}

/** Of those who were killed while they wrote it. */
function dropLeftovers({ state }: JobFolder): void {
  for (const name of readdirSync(state)) {
    if (name.startsWith(WHOLE)) rmSync(join(state, name), { force: true });
  }
}

/** What lies beside the result, and in the logs. @throws Error where the lease is lost */
export function conclude(
  folder: JobFolder,
  {
    report,
    logs,
    progress,
    lease,
  }: {
    readonly report: Report;
    readonly logs: JobLogs;
    readonly progress: Progress;
    readonly lease: Lease;
  },
): void {
  const text = verdictText(report.verdict, report.totals, report.settings.errorThreshold);
  const write = (name: string, document: string): void => {
    lease.demand();
    writeFileSync(join(folder.root, name), document);
  };
  lease.demand();
  writeProgress(folder.state, progress);
  write("report.json", `${JSON.stringify(report, null, 2)}\n`);
  write("report.html", renderReportPage(report));
  logs.overview(renderProgress(progress));
  logs.result(text);
  if (report.verdict === "threshold" || report.verdict === "nothing") logs.error(text);
  if (report.verdict !== "complete") return;
  lease.demand();
  dropJournal(folder);
}
