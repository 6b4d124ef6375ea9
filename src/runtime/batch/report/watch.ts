/** Who is told how far a job is, and how often? */

import type { Clock } from "../../../core/ports.ts";
import type { Ledger } from "../journal/ledger.ts";
import type { JobLogs } from "./logs.ts";
import { readProgress, renderProgress, writeProgress } from "./progress.ts";
import type { Progress } from "./progress.ts";
import { workerCount } from "../settings.ts";
import type { JobSettings, Shard } from "../settings.ts";
import type { Verdict } from "./verdict.ts";

type Watching = {
  readonly clock: Clock;
  readonly settings: JobSettings;
  readonly shard?: Shard;
  readonly onProgress: (progress: Progress) => void;
};

type Watched = {
  readonly state: string;
  readonly ledger: Ledger;
  readonly logs: JobLogs;
  readonly before: StartsBefore;
  /** Input files. */
  readonly total: number;
  readonly held: () => boolean;
  /** Called where it is not held any more: what is told from then on is somebody else's. */
  readonly onLost: () => void;
};

export type Watch = {
  /** Tells the last of it, and nothing more. */
  readonly end: (verdict: Verdict) => Progress;
  readonly drop: () => void;
};

/** What is known of the starts before this one. */
export type StartsBefore = { readonly count: number; readonly elapsedMs: number };

/**
 * Whoever was killed could tell no time any more: it is the later of its last progress, which is told
 * once a second, and its last mini-batch.
 */
export function startsBefore(state: string, ledger: Ledger): StartsBefore {
  const told = readProgress(state);
  const { count, elapsedMs } = ledger.starts();
  return {
    count: Math.max(count, told?.starts ?? 0),
    elapsedMs: Math.max(elapsedMs, told?.elapsedMs ?? 0),
  };
}

const PROGRESS_MS = 1_000;
const OVERVIEW_MS = 10_000;

export function createWatch(
  { clock, settings, onProgress, shard }: Watching,
  { state, ledger, logs, before, total, held, onLost }: Watched,
): Watch {
  const workers = workerCount(settings, shard);
  const start = clock.monotonic();
  const first = ledger.totals().files;
  let overviewAt = start;
  const now = (verdict: Verdict): Progress => {
    const totals = ledger.totals();
    const spentMs = clock.monotonic() - start;
    const rate = spentMs > 0 ? (totals.files - first) / (spentMs / 1000) : 0;
    return {
      verdict,
      totals,
      total,
      elapsedMs: before.elapsedMs + spentMs,
      starts: before.count + 1,
      workers,
      updatedMs: clock.now(),
      rate,
      ...(rate > 0 && verdict === "running" && { leftMs: ((total - totals.files) / rate) * 1000 }),
    };
  };
  const tell = (): void => {
    if (!held()) {
      onLost();
      return;
    }
    const progress = now("running");
    onProgress(progress);
    try {
      writeProgress(state, progress);
    } catch {
      // The disk is full: the next row says so.
    }
    if (clock.monotonic() - overviewAt < OVERVIEW_MS) return;
    overviewAt = clock.monotonic();
    logs.overview(renderProgress(progress));
  };
  tell();
  const timer = setInterval(tell, PROGRESS_MS);
  const drop = (): void => clearInterval(timer);
  return {
    drop,
    end: (verdict) => {
      drop();
      const progress = now(verdict);
      onProgress(progress);
      return progress;
    },
  };
}
