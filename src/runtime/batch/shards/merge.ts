/** Shards → one result. Nothing is joined unless every shard of one job is there, and at its end. */

import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { userError } from "../../../core/problem.ts";
import { readDone, writeDone } from "../journal/done.ts";
import type { Done } from "../journal/done.ts";
import { makeState } from "../journal/folder.ts";
import { addTotals, joinReports } from "./joined-report.ts";
import { mergeRefusal, partsOf } from "./parts.ts";
import type { Part } from "./parts.ts";
import { renderReportPage } from "../report/report-page.ts";
import type { Report } from "../report/report.ts";
import { renderHead, writeResult } from "../result.ts";
import type { JobSettings } from "../settings.ts";
import { verdictOf } from "../report/verdict.ts";

type DonePart = Part & { readonly done: Done };

export type Merged = { readonly already: boolean; readonly report: Report };

/**
 * @param errorThreshold in place of the shards' own
 * @throws UserError BATCH_MERGE, BATCH_OUTPUT
 */
export function mergeShards(output: string, errorThreshold: number | undefined): Merged {
  const state = join(output, ".edgewright");
  const before = readDone(state);
  if (before !== undefined && isThere(before)) return { already: true, report: before.report };
  const parts = partsOf(output);
  const [{ identity, report: first }, ...others] = parts;
  refuseOtherSources(parts);
  const { outputFileName, outputAction, format } = identity.fixed;
  const result = join(output, outputFileName);
  if (existsSync(result)) {
    throw userError("BATCH_OUTPUT", `${result} is there already, and no merge wrote it`, {
      hint: "Move the file away.",
    });
  }
  const settings = {
    ...first.settings,
    errorThreshold: errorThreshold ?? widest(parts.map(({ report }) => report.settings)),
  };
  const totals = parts.map(({ report }) => report.totals).reduce(addTotals);
  const verdict = verdictOf(totals, settings);
  const done = verdict === "threshold" ? [] : parts.map(complete);
  const rows = outputAction === "append_row" && verdict === "complete";
  const reports = [first, ...others.map((part) => part.report)] as const;
  const report = joinReports(reports, { verdict, settings, totals, result: rows ? result : null });
  makeState({ state });
  if (rows) {
    const head = headOf(done);
    const whole = join(state, "result");
    const written = writeResult(whole, {
      head: renderHead(format, head, totals.rows),
      rows: bodies(done, outputFileName),
    });
    renameSync(whole, result);
    writeDone(state, { head, headBytes: 0, rows: totals.rows, ...written, report });
  }
  writeFileSync(join(output, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(output, "report.html"), renderReportPage(report));
  return { already: false, report };
}

/** Whether the merged result still stands: one that was taken away is joined again. @throws UserError BATCH_OUTPUT */
function isThere({ bytes, report: { result } }: Done): boolean {
  if (bytes === null || result === null) return true;
  const size = statSync(result, { throwIfNoEntry: false })?.size;
  if (size === undefined || size === bytes) return size !== undefined;
  throw userError("BATCH_OUTPUT", `${result} has ${size} bytes, its merge wrote ${bytes}`, {
    hint: "Move the file away, and merge again.",
  });
}

/** A shard without a file was scored by nothing. @throws UserError BATCH_MERGE */
function refuseOtherSources(parts: readonly Part[]): void {
  const [first, ...others] = parts.filter(({ report }) => report.sources.length > 0);
  const other = others.find(({ report }) => report.sources.join() !== first?.report.sources.join());
  if (first === undefined || other === undefined) return;
  throw mergeRefusal(
    `${other.root} was scored with another script or model than ${first.root}`,
    "take the folder of one of the two away, and run that shard again with the other's script and model",
  );
}

/** A shard that was run again with a higher one says what the whole job may fail. */
function widest(settings: readonly Pick<JobSettings, "errorThreshold">[]): number {
  const all = settings.map(({ errorThreshold }) => errorThreshold);
  return all.some((threshold) => threshold < 0) ? -1 : Math.max(...all);
}

/** One that stopped at its own threshold has files left, whatever all of them together may fail. */
function complete(part: Part): DonePart {
  const { done, identity, report } = part;
  if (done !== undefined) return { ...part, done };
  const { index, count } = identity.shard;
  const { failed } = report.totals;
  const { errorThreshold } = report.settings;
  throw mergeRefusal(
    `shard ${index} of ${count} stopped with ${failed} failures, its error_threshold was ${errorThreshold}`,
    "run that shard again with the higher --error-threshold: it goes on where it stopped",
  );
}

function headOf(parts: readonly DonePart[]): string {
  const heads = new Set(parts.map(({ done }) => done.head).filter((head) => head !== ""));
  const [head = "", other] = heads;
  if (other === undefined) return head;
  throw mergeRefusal(
    `the rows of some shards begin with ${head.trim()}, of others with ${other.trim()}`,
  );
}

const CHUNK_BYTES = 1024 * 1024;

function* bodies(parts: readonly DonePart[], name: string): Generator<Uint8Array> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (const { root, done } of parts) {
    const path = join(root, name);
    const file = openResult(path);
    const hash = createHash("sha256");
    try {
      let at = 0;
      for (;;) {
        const read = readSync(file, chunk, 0, CHUNK_BYTES, at);
        if (read === 0) break;
        hash.update(chunk.subarray(0, read));
        yield chunk.subarray(Math.min(read, Math.max(0, done.headBytes - at)), read);
        at += read;
      }
      if (at !== done.bytes)
        throw mergeRefusal(`${path} has ${at} bytes, its shard wrote ${done.bytes}`);
      if (hash.digest("hex") !== done.sha256)
        throw mergeRefusal(`${path} has other bytes than its shard wrote`);
    } finally {
      closeSync(file);
    }
  }
}

/** @throws UserError BATCH_MERGE */
function openResult(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw mergeRefusal(`${path}, a shard's result, cannot be read: ${(error as Error).message}`);
  }
}
