/** What is said of a job that has ended, and the exit code. */

import type { Problem } from "../../../core/problem.ts";
import type { JobOutcome } from "../job-options.ts";
import { EXIT_CODES, verdictText } from "./verdict.ts";

export type Said = {
  readonly exitCode: number;
  /** There where it is no success. */
  readonly problem?: Problem;
  readonly text: string;
};

const HINTS = {
  threshold: [
    "BATCH_THRESHOLD",
    "Raise --error-threshold, and the job goes on where it stopped; report.json names the files.",
  ],
  nothing: ["BATCH_NOTHING", "Look at report.json and logs/user of the output folder."],
  stopped: ["BATCH_STOPPED", "Run the same command again."],
} as const;

export function sayOutcome({ verdict, already, report, reason }: JobOutcome, output: string): Said {
  const { totals, settings, result } = report;
  const exitCode = EXIT_CODES[verdict];
  if (verdict === "complete") {
    const where = result ?? `${output}/report.json`;
    const text = already
      ? `the job was complete before, nothing is changed: ${where}`
      : `complete: ${totals.succeeded} files succeeded, ${totals.failed} failed, ${totals.rows} rows in ${where}`;
    return { exitCode, text };
  }
  const words = verdictText(verdict, totals, settings.errorThreshold);
  const text = reason === undefined ? words : `${words} (${reason})`;
  const [code, hint] = HINTS[verdict];
  return { exitCode, text, problem: { code, severity: "error", message: text, hint } };
}
