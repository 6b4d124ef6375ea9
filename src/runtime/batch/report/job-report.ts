/** The report of a job as it stands now. */

import type { JobFolder } from "../journal/folder.ts";
import type { JobOptions } from "../job-options.ts";
import type { Entry, Ledger } from "../journal/ledger.ts";
import { NO_TOTALS } from "../journal/ledger.ts";
import { readProgress } from "./progress.ts";
import type { Progress } from "./progress.ts";
import { errorsOf } from "./report.ts";
import type { Report } from "./report.ts";
import { workerCount } from "../settings.ts";
import type { Verdict } from "./verdict.ts";

/** How far it is, and what is known of it. */
export type Ended = {
  readonly folder: JobFolder;
  readonly ledger: Ledger;
  readonly files: readonly string[];
  readonly verdict: Verdict;
  readonly progress: Progress;
};

export function reportOf(options: JobOptions, ended: Ended): Report {
  const { endpoint, deployment, input, shard, settings } = options;
  const { folder, ledger, files, verdict, progress } = ended;
  const { elapsedMs, starts, workers } = progress;
  const { miniBatchSize } = settings;
  const filesOf = ({ id }: Entry): readonly string[] =>
    files.slice(id * miniBatchSize, (id + 1) * miniBatchSize);
  return {
    verdict,
    endpoint,
    deployment,
    input,
    result: verdict === "complete" && settings.outputAction === "append_row" ? folder.result : null,
    shard: shard ?? null,
    settings,
    workers,
    starts,
    elapsedMs,
    sources: ledger.sources(),
    total: files.length,
    totals: ledger.totals(),
    ...errorsOf(ledger.entries(), filesOf),
  };
}

/** Of a job that could not be gone on with at all: as it was last. */
export function reportBefore(options: JobOptions, { state }: JobFolder): Report {
  const { endpoint, deployment, input, shard, settings } = options;
  const before = readProgress(state);
  return {
    verdict: "stopped",
    endpoint,
    deployment,
    input,
    result: null,
    shard: shard ?? null,
    settings,
    workers: workerCount(settings, shard),
    starts: before?.starts ?? 0,
    elapsedMs: before?.elapsedMs ?? 0,
    sources: [],
    total: before?.total ?? 0,
    totals: before?.totals ?? NO_TOTALS,
    errors: [],
    moreErrors: 0,
  };
}
