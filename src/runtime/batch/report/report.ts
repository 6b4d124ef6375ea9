/** The report of a job: what came of it, in numbers that add up, and what went wrong with which file. */

import type { Entry, Totals } from "../journal/ledger.ts";
import type { JobIdentity } from "../journal/folder.ts";
import type { JobSettings } from "../settings.ts";
import type { Verdict } from "./verdict.ts";

export type ReportedError = {
  readonly miniBatch: number;
  readonly files: readonly string[];
  readonly row?: number;
  readonly tries: number;
  readonly message: string;
};

export type Report = {
  readonly verdict: Verdict;
  readonly endpoint: string;
  readonly deployment: string;
  readonly input: string;
  readonly result: string | null;
  readonly shard: JobIdentity["shard"];
  readonly settings: JobSettings;
  readonly workers: number;
  readonly starts: number;
  /** Of all starts together; of one that was killed up to the last that is known of it. */
  readonly elapsedMs: number;
  /** Digests of the script and model that scored; more than one where they changed between starts. */
  readonly sources: readonly string[];
  /** Input files. */
  readonly total: number;
  readonly totals: Totals;
  readonly errors: readonly ReportedError[];
  /** Beyond those listed. */
  readonly moreErrors: number;
};

const MAX_ERRORS = 10_000;

export function errorsOf(
  entries: Iterable<Entry>,
  filesOf: (entry: Entry) => readonly string[],
): Pick<Report, "errors" | "moreErrors"> {
  const errors: ReportedError[] = [];
  let moreErrors = 0;
  for (const entry of entries) {
    const { id, tries, errors: found, failedItems } = entry;
    const all = found.map(({ path, row, message }) => ({
      miniBatch: id,
      files: path === undefined ? filesOf(entry) : [path],
      ...(row !== undefined && { row }),
      tries,
      message,
    }));
    if (entry.ok && failedItems > 0) {
      const message = `run() returned ${entry.rows} rows, so ${failedItems} of ${entry.files} items failed`;
      all.push({ miniBatch: id, files: filesOf(entry), tries, message });
    }
    for (const error of all) {
      if (errors.length < MAX_ERRORS) errors.push(error);
      else moreErrors += 1;
    }
  }
  return { errors, moreErrors };
}
