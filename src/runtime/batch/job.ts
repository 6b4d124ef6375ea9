/**
 * The story of a batch job: inputs → mini-batches → workers → journal → result → report. It may end
 * at any moment, by a signal, a kill or a power cut: the next start goes on where it was.
 */

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";

import { UserError, userError } from "../../core/problem.ts";
import { identityOf, leaseOf, reachable } from "./journal/claim.ts";
import { complete, conclude } from "./conclusion.ts";
import { isDiskFault, isFull } from "./journal/disk-fault.ts";
import { readDone } from "./journal/done.ts";
import { claimFolder, jobFolder, readList, writeIdentity, writeList } from "./journal/folder.ts";
import type { JobFolder } from "./journal/folder.ts";
import { listInputs } from "./input/inputs.ts";
import type { JobOptions, JobOutcome } from "./job-options.ts";
import { reportBefore, reportOf } from "./report/job-report.ts";
import type { Lease } from "./journal/lease.ts";
import { openLedger } from "./journal/ledger.ts";
import type { Ledger } from "./journal/ledger.ts";
import { createJobLogs } from "./report/logs.ts";
import { scoreAll } from "./score-all.ts";
import { createStop } from "./stop.ts";
import { overThreshold, verdictOf } from "./report/verdict.ts";
import { createWatch, startsBefore } from "./report/watch.ts";

/** @throws UserError where the input or the output folder cannot be used */
export async function runJob(options: JobOptions): Promise<JobOutcome> {
  const { output, shard, settings } = options;
  const folder = jobFolder(output, { shard, outputFileName: settings.outputFileName });
  claimFolder(folder, identityOf(options));
  let lease: Lease | undefined;
  try {
    if (readDone(folder.state) === undefined) reachable(options, folder);
    const given = await leaseOf(options, folder);
    if (given === "done") return alreadyDone(folder);
    if (given === "stopped") return stoppedBefore(options, folder, "it was asked to stop");
    lease = given;
    if (!begin(options, folder, lease)) return alreadyDone(folder);
    return await goOn(options, folder, lease);
  } catch (error) {
    // What comes of it is for its new holder to say.
    if (lease?.held() === false) return stoppedBefore(options, folder, lossOf(folder));
    if (isFull(error)) return stoppedBefore(options, folder, (error as Error).message);
    // What could not even begin leaves nothing behind.
    if (error instanceof UserError && lease !== undefined && readList(folder) === undefined) {
      rmSync(folder.state, { recursive: true, force: true });
    }
    throw error;
  } finally {
    lease?.release();
  }
}

function stoppedBefore(options: JobOptions, folder: JobFolder, reason: string): JobOutcome {
  return { verdict: "stopped", already: false, report: reportBefore(options, folder), reason };
}

function lossOf({ state }: JobFolder): string {
  return existsSync(state)
    ? "another process has taken the job over"
    : `${state} is gone: somebody has removed it`;
}

/** Lists the input once for all starts. False where the job is done. */
function begin(options: JobOptions, folder: JobFolder, lease: Lease): boolean {
  const identity = identityOf(options);
  const begun = claimFolder(folder, identity);
  if (readDone(folder.state) !== undefined) return false;
  if (begun) return true;
  const { files, skipped } = listInputs(options);
  if (skipped !== undefined) options.log.warn(skipped);
  if (files.length === 0 && options.shard === undefined) {
    const { input, inputList } = options;
    throw inputList === undefined
      ? userError("BATCH_INPUT", `${input} holds no file`, {
          hint: "Give --input a folder with files in it.",
        })
      : userError("BATCH_INPUT", `${inputList} names no file`, {
          hint: "Write one path a line into it, below --input.",
        });
  }
  lease.demand();
  writeList(folder, files);
  lease.demand();
  writeIdentity(folder, identity);
  return true;
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
  const { log, host, settings, signal, clock, sources } = options;
  const { state } = folder;
  const files = readList(folder) ?? [];
  const ledger = openLedger({
    folder: join(state, "journal"),
    clock,
    onDamage: (message) => log.warn(message),
  });
  const { held } = lease;
  const logs = createJobLogs({ root: folder.root, node: host, stamp: options.stamp, held });
  const before = startsBefore(state, ledger);
  const stop = createStop(signal);
  const onLost = (): void => stop.now(lossOf(folder));
  const watched = { state, ledger, logs, before, total: files.length, held, onLost };
  const watch = createWatch(options, watched);
  try {
    warnOfChange(options, ledger);
    logs.begin();
    ledger.begin({ beforeMs: before.elapsedMs, sources });
    if (!overThreshold(ledger.totals(), settings.errorThreshold)) {
      await scoreAll(options, { files, ledger, held, onLost, logs, stop });
    }
    const verdict = stop.reason() === undefined ? verdictFor(options, ledger) : "stopped";
    await ledger.sync();
    lease.demand();
    const progress = watch.end(verdict);
    const report = reportOf(options, { folder, ledger, files, verdict, progress });
    if (verdict === "complete") complete(options, { folder, ledger, report, lease });
    conclude(folder, { report, logs, progress, lease });
    const reason = stop.reason();
    return { verdict, already: false, report, ...(reason && { reason }) };
  } catch (error) {
    if (!held() || !isDiskFault(error)) throw error;
    const progress = watch.end("stopped");
    const report = reportOf(options, { folder, ledger, files, verdict: "stopped", progress });
    return { verdict: "stopped", already: false, report, reason: (error as Error).message };
  } finally {
    watch.drop();
    ledger.close();
  }
}

/** Rows of two scripts in one result are for whoever changed it to judge. */
function warnOfChange({ log, sources }: JobOptions, ledger: Ledger): void {
  if (ledger.sources().every((known) => known === sources)) return;
  log.warn(
    "the script, its variables or its model have changed since a part of this job was scored: its result will have rows of both; give another --output folder to score all of it again",
  );
}

/** A shard of many may have no item that succeeds: that is for the whole job to judge. */
function verdictFor({ settings, shard }: JobOptions, ledger: Ledger): JobOutcome["verdict"] {
  const verdict = verdictOf(ledger.totals(), settings);
  return verdict === "nothing" && shard !== undefined ? "complete" : verdict;
}
