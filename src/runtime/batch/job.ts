/**
 * The story of a batch job: inputs → mini-batches → workers → journal → result → report. It may end
 * at any moment, by a signal, a kill or a power cut: the next start goes on where it was.
 */

import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import type { Clock, Log } from "../../core/ports.ts";
import { UserError, userError } from "../../core/problem.ts";
import { workThrough } from "./crew.ts";
import { readDone, writeDone } from "./done.ts";
import type { Done } from "./done.ts";
import {
  claimFolder,
  dropJournal,
  jobFolder,
  readList,
  writeIdentity,
  writeList,
} from "./folder.ts";
import type { JobFolder, JobIdentity } from "./folder.ts";
import { listInputs } from "./inputs.ts";
import { isLease, takeLease } from "./lease.ts";
import type { Lease } from "./lease.ts";
import { openLedger } from "./ledger.ts";
import type { Entry, Ledger } from "./ledger.ts";
import { createJobLogs } from "./logs.ts";
import type { JobLogs } from "./logs.ts";
import type { MiniBatch, Worker } from "./mini-batch.ts";
import { renderProgress, writeProgress } from "./progress.ts";
import type { Progress } from "./progress.ts";
import { errorsOf, renderReportPage } from "./report.ts";
import type { Report } from "./report.ts";
import { renderHead, writeResult } from "./result.ts";
import { triesOf } from "./settings.ts";
import type { JobSettings, Shard } from "./settings.ts";
import type { Source } from "./source.ts";
import { overThreshold, verdictOf, verdictText } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";
import { createWatch } from "./watch.ts";

export type JobOptions = {
  readonly endpoint: string;
  readonly deployment: string;
  readonly settings: JobSettings;
  /** Absolute. */
  readonly input: string;
  readonly inputList?: string;
  /** Absolute. */
  readonly output: string;
  readonly shard?: Shard;
  /** Digest of what else decides the rows. */
  readonly job: string;
  readonly scoring: Scoring;
  readonly host: string;
  readonly pid: number;
  readonly clock: Clock;
  /** The time as text, for people. */
  readonly stamp: () => string;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
};

/** How a deployment's mini-batches are cut and scored. */
export type Scoring = {
  readonly workers: (surroundings: {
    readonly root: string;
    readonly logs: JobLogs;
  }) => readonly Worker[];
  readonly source: (root: string, files: readonly string[]) => Source;
};

export type JobOutcome = {
  readonly verdict: Exclude<Verdict, "running">;
  /** Whether it was complete before this start. */
  readonly already: boolean;
  readonly report: Report;
  /** Why it stopped, where that was no signal. */
  readonly reason?: string;
};

const WAIT_MS = 1_000;
const SYNC_MS = 1_000;

/** @throws UserError where the input or the output folder cannot be used */
export async function runJob(options: JobOptions): Promise<JobOutcome> {
  const { output, shard, settings } = options;
  const folder = jobFolder(output, { shard, outputFileName: settings.outputFileName });
  const identity = identityOf(options);
  claimFolder(folder, identity);
  if (readDone(folder.state) === undefined) await reachable(options, folder);
  const lease = await leaseOf(options, folder);
  if (lease === undefined) return alreadyDone(folder);
  try {
    const begun = claimFolder(folder, identity);
    if (readDone(folder.state) !== undefined) return alreadyDone(folder);
    if (!begun) {
      const { files } = listInputs(options);
      if (files.length === 0 && shard === undefined) {
        throw userError("BATCH_INPUT", `${options.input} holds no file`, {
          hint: "Give --input a folder with files in it.",
        });
      }
      writeList(folder, files);
      writeIdentity(folder, identity);
    }
    return await goOn(options, folder, lease);
  } catch (error) {
    if (error instanceof UserError && readList(folder) === undefined) {
      rmSync(folder.state, { recursive: true, force: true });
    }
    throw error;
  } finally {
    lease.release();
  }
}

function identityOf(options: JobOptions): JobIdentity {
  const { endpoint, deployment, job, input, shard } = options;
  const { miniBatchSize, outputAction, outputFileName, format } = options.settings;
  const fixed = { miniBatchSize, outputAction, outputFileName, format };
  return { format: 1, endpoint, deployment, job, input, fixed, shard: shard ?? null };
}

/** Makes the folder. @throws UserError where the input is absent, or the output cannot be written */
async function reachable({ input }: JobOptions, { state }: JobFolder): Promise<void> {
  if (!existsSync(input)) {
    throw userError("BATCH_INPUT", `${input} does not exist`, {
      hint: "Give --input a file or a folder that is there.",
    });
  }
  try {
    mkdirSync(state, { recursive: true });
  } catch (error) {
    throw userError("BATCH_OUTPUT", `${state} cannot be made: ${(error as Error).message}`);
  }
}

/** Alone, a job that somebody works on is refused; a shard waits for it, and takes it over. */
async function leaseOf(options: JobOptions, { state }: JobFolder): Promise<Lease | undefined> {
  const { host, pid, clock, shard, signal, log } = options;
  let told = false;
  for (;;) {
    if (readDone(state) !== undefined) return undefined;
    const taken = takeLease({ file: join(state, "lease"), host, pid, clock });
    if (isLease(taken)) return taken;
    const who = `process ${taken.pid} on ${taken.host}`;
    if (shard === undefined || signal.aborted) {
      throw userError("BATCH_BUSY", `${who} works on this job right now`, {
        hint: "Wait for it to end, or stop it.",
      });
    }
    if (!told) log.info(`${who} works on this shard: waiting`);
    told = true;
    await wait(WAIT_MS, undefined, { signal }).catch(() => undefined);
  }
}

function alreadyDone(folder: JobFolder): JobOutcome {
  const done = readDone(folder.state);
  if (done === undefined) throw new Error("a job that is not done was taken for one that is");
  if (done.bytes !== null && !existsSync(folder.result)) {
    throw userError("BATCH_OUTPUT", `the job was complete, and ${folder.result} is gone since`, {
      hint: "Give another --output folder to run it again.",
    });
  }
  return { verdict: "complete", already: true, report: done.report };
}

async function goOn(options: JobOptions, folder: JobFolder, lease: Lease): Promise<JobOutcome> {
  const { log, host, settings, signal } = options;
  const files = readList(folder) ?? [];
  const ledger = openLedger(join(folder.state, "journal"), (message) => log.warn(message));
  const logs = createJobLogs(folder.root, host, options.stamp);
  const watch = createWatch(options, { state: folder.state, ledger, logs, total: files.length });
  const stop = createStop(signal);
  try {
    if (!overThreshold(ledger.totals(), settings.errorThreshold)) {
      await scoreAll(options, { files, ledger, lease, logs, stop });
    }
    const verdict = stop.reason() === undefined ? verdictFor(options, ledger) : "stopped";
    await ledger.sync();
    watch.end();
    const report = reportOf(options, {
      folder,
      ledger,
      files,
      verdict,
      progress: watch.now(verdict),
    });
    if (verdict === "complete") complete(options, { folder, ledger, report, lease });
    conclude(folder, { report, logs, progress: watch.now(verdict) });
    const reason = stop.reason();
    return { verdict, already: false, report, ...(reason && { reason }) };
  } catch (error) {
    watch.end();
    if (!isDiskFault(error)) throw error;
    const progress = watch.now("stopped");
    const report = reportOf(options, { folder, ledger, files, verdict: "stopped", progress });
    return { verdict: "stopped", already: false, report, reason: (error as Error).message };
  } finally {
    watch.end();
    ledger.close();
  }
}

/** A shard of many may have no item that succeeds: that is for the whole job to judge. */
function verdictFor({ settings, shard }: JobOptions, ledger: Ledger): JobOutcome["verdict"] {
  const verdict = verdictOf(ledger.totals(), settings);
  return verdict === "nothing" && shard !== undefined ? "complete" : verdict;
}

type Stop = {
  readonly signal: AbortSignal;
  readonly now: (reason: string) => void;
  readonly reason: () => string | undefined;
};

/** The user's signal, and our own reasons. */
function createStop(signal: AbortSignal): Stop {
  const own = new AbortController();
  let reason: string | undefined;
  const now = (why: string): void => {
    reason ??= why;
    own.abort();
  };
  if (signal.aborted) now("it was asked to stop");
  else signal.addEventListener("abort", () => now("it was asked to stop"), { once: true });
  return { signal: own.signal, now, reason: () => reason };
}

type Scored = {
  readonly files: readonly string[];
  readonly ledger: Ledger;
  readonly lease: Lease;
  readonly logs: JobLogs;
  readonly stop: Stop;
};

async function scoreAll(options: JobOptions, scored: Scored): Promise<void> {
  const { settings, input, scoring } = options;
  const { files, ledger, lease, logs, stop } = scored;
  const root = statSync(input).isDirectory() ? input : join(input, "..");
  const syncing = setInterval(() => void ledger.sync().catch(() => undefined), SYNC_MS).unref();
  try {
    await workThrough({
      workers: scoring.workers({ root, logs }),
      source: scoring.source(root, files),
      tries: triesOf(settings),
      timeoutMs: settings.timeoutSeconds * 1000,
      skip: ({ id }: MiniBatch) => ledger.has(id),
      done: (entry, rows) => {
        if (!lease.held()) {
          stop.now("another process has taken the job over");
          return false;
        }
        const { entry: kept, rows: bytes } = fitting(ledger, entry, rows);
        ledger.append(kept, settings.outputAction === "summary_only" ? NO_ROWS : bytes);
        logs.entry(kept);
        return !overThreshold(ledger.totals(), settings.errorThreshold);
      },
      signal: stop.signal,
    });
  } finally {
    clearInterval(syncing);
  }
}

const NO_ROWS = new Uint8Array();

/** Rows with other columns than those before them cannot stand in one file: the mini-batch fails. */
function fitting(
  ledger: Ledger,
  entry: Entry,
  rows: Uint8Array,
): { readonly entry: Entry; readonly rows: Uint8Array } {
  const known = ledger.head();
  if (known === "" || entry.head === "" || entry.head === known) return { entry, rows };
  const message = `its rows begin with ${entry.head.trim()}, those before them with ${known.trim()}`;
  const failed = { ok: false, rows: 0, head: "", failedItems: entry.files, errors: [{ message }] };
  return { entry: { ...entry, ...failed }, rows: NO_ROWS };
}

function complete(
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

function isDiskFault(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT" || code === "EIO" || code === "EROFS";
}

type Ended = {
  readonly folder: JobFolder;
  readonly ledger: Ledger;
  readonly files: readonly string[];
  readonly verdict: Verdict;
  readonly progress: Progress;
};

function reportOf(options: JobOptions, ended: Ended): Report {
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
    total: files.length,
    totals: ledger.totals(),
    ...errorsOf(ledger.entries(), filesOf),
  };
}

function conclude(
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
