/** How far is a job? Told to whoever watches, and kept in a file for `batch status`. */

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Totals } from "../journal/ledger.ts";
import type { Verdict } from "./verdict.ts";

export type Progress = {
  readonly verdict: Verdict;
  readonly totals: Totals;
  /** Input files of this job, or shard. */
  readonly total: number;
  /** Of all its starts together. */
  readonly elapsedMs: number;
  readonly starts: number;
  readonly workers: number;
  readonly updatedMs: number;
  /** Files a second since this start. */
  readonly rate: number;
  readonly leftMs?: number;
};

const FILE = "progress.json";

/** @param state the job's own folder */
export function writeProgress(state: string, progress: Progress): void {
  const file = join(state, FILE);
  writeFileSync(`${file}.tmp`, JSON.stringify(progress));
  renameSync(`${file}.tmp`, file);
}

export function readProgress(state: string): Progress | undefined {
  try {
    return JSON.parse(readFileSync(join(state, FILE), "utf8")) as Progress;
  } catch {
    return undefined;
  }
}

export function renderProgress({ totals, total, rate, leftMs }: Progress): string {
  const share = total === 0 ? 100 : Math.floor((totals.files / total) * 100);
  const left = leftMs === undefined ? "" : `, ${renderDuration(leftMs)} left`;
  return `${totals.files} of ${total} files (${share} %), ${totals.failed} failed, ${rate.toFixed(1)} files/s${left}`;
}

export function renderDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
