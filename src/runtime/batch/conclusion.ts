/** The end of a job: its result, its report, and the journal that nobody needs any more. */

import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { userError } from "../../core/problem.ts";
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

/** The result appears under its name, then it is said that the job is done. */
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
  const done: Done = { head, headBytes: 0, rows, bytes: null, report };
  if (settings.outputAction === "summary_only") {
    writeDone(folder.state, done);
    return;
  }
  const headBytes = renderHead(settings.format, head, rows);
  const whole = join(folder.state, "result");
  const bytes = writeResult(whole, { head: headBytes, rows: ledger.rows() });
  if (!lease.held()) throw userError("BATCH_BUSY", "another process has taken the job over");
  renameSync(whole, folder.result);
  writeDone(folder.state, { ...done, headBytes: headBytes.length, bytes });
}

/** What lies beside the result, and in the logs. */
export function conclude(
  folder: JobFolder,
  {
    report,
    logs,
    progress,
  }: {
    readonly report: Report;
    readonly logs: JobLogs;
    readonly progress: Progress;
  },
): void {
  const text = verdictText(report.verdict, report.totals, report.settings.errorThreshold);
  writeProgress(folder.state, progress);
  writeFileSync(join(folder.root, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(folder.root, "report.html"), renderReportPage(report));
  logs.overview(renderProgress(progress));
  logs.result(text);
  if (report.verdict === "threshold" || report.verdict === "nothing") logs.error(text);
  if (report.verdict === "complete") dropJournal(folder);
}
