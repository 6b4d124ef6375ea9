/** Shards → one result. Nothing is joined unless every shard of one job is there, and complete. */

import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { userError } from "../../core/problem.ts";
import { readDone, writeDone } from "./done.ts";
import type { Done } from "./done.ts";
import { readIdentity } from "./folder.ts";
import type { JobIdentity } from "./folder.ts";
import type { Totals } from "./ledger.ts";
import { readProgress } from "./progress.ts";
import type { Report } from "./report.ts";
import { renderReportPage } from "./report.ts";
import { renderHead, writeResult } from "./result.ts";
import type { Shard } from "./settings.ts";
import { shardFolder } from "./shards.ts";
import { shardRoots } from "./status.ts";
import { verdictOf } from "./verdict.ts";

type Part = {
  readonly root: string;
  readonly identity: JobIdentity & { readonly shard: Shard };
  readonly done: Done;
};

export type Merged = { readonly already: boolean; readonly report: Report };

/**
 * @param errorThreshold in place of the shards' own
 * @throws UserError BATCH_MERGE, BATCH_OUTPUT
 */
export function mergeShards(output: string, errorThreshold: number | undefined): Merged {
  const state = join(output, ".edgewright");
  const before = readDone(state);
  if (before !== undefined) return { already: true, report: before.report };
  const parts = partsOf(output);
  const [first] = parts;
  if (first === undefined) throw refusal(`there is no shard in ${output}`);
  const { outputFileName, outputAction, format } = first.identity.fixed;
  const result = join(output, outputFileName);
  if (existsSync(result)) {
    throw userError("BATCH_OUTPUT", `${result} is there already, and no merge wrote it`, {
      hint: "Move the file away.",
    });
  }
  const own = first.done.report.settings;
  const settings = { ...own, errorThreshold: errorThreshold ?? own.errorThreshold };
  const totals = parts.map(({ done }) => done.report.totals).reduce(sum);
  const verdict = verdictOf(totals, settings);
  const rows = outputAction === "append_row" && verdict === "complete";
  const report = joined(parts, { verdict, settings, totals, result: rows ? result : null });
  mkdirSync(state, { recursive: true });
  if (rows) {
    const head = headOf(parts);
    const whole = join(state, "result");
    const bytes = writeResult(whole, {
      head: renderHead(format, head, totals.rows),
      rows: bodies(parts, outputFileName),
    });
    renameSync(whole, result);
    writeDone(state, { head, headBytes: 0, rows: totals.rows, bytes, report });
  }
  writeFileSync(join(output, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(output, "report.html"), renderReportPage(report));
  return { already: false, report };
}

function partsOf(output: string): readonly Part[] {
  const known = shardRoots(output).map((root) => {
    const state = join(root, ".edgewright");
    const identity = readIdentity({ state });
    const shard = identity?.shard;
    if (identity === undefined || !shard) throw refusal(`${root} is no shard of a job`);
    return { root, state, identity: { ...identity, shard } };
  });
  const [first] = known;
  if (first === undefined) return [];
  const { count } = first.identity.shard;
  for (const { root, identity } of known) {
    if (identity.shard.count !== count) {
      throw refusal(
        `${root} is one of ${identity.shard.count} shards, ${first.root} one of ${count}`,
      );
    }
    if (identityText(identity) !== identityText(first.identity)) {
      throw refusal(`${root} is of another job than ${first.root}`);
    }
  }
  return Array.from({ length: count }, (_, index) => {
    const part = known.find(({ identity }) => identity.shard.index === index);
    if (part === undefined) {
      throw refusal(
        `shard ${index} of ${count} is missing: ${join(output, shardFolder({ index, count }))}`,
      );
    }
    const done = readDone(part.state);
    if (done !== undefined) return { ...part, done };
    const verdict = readProgress(part.state)?.verdict ?? "not begun";
    throw refusal(`shard ${index} of ${count} is not complete, but ${verdict}`);
  });
}

/** What all shards of one job have in common. */
function identityText({ endpoint, deployment, job, input, fixed }: JobIdentity): string {
  return JSON.stringify([endpoint, deployment, job, input, fixed]);
}

function refusal(message: string) {
  return userError("BATCH_MERGE", message, {
    hint: "Run every shard of the job to its end with the same --output, then merge that folder.",
  });
}

function headOf(parts: readonly Part[]): string {
  const heads = new Set(parts.map(({ done }) => done.head).filter((head) => head !== ""));
  const [head = "", other] = heads;
  if (other === undefined) return head;
  throw refusal(
    `the rows of some shards begin with ${head.trim()}, of others with ${other.trim()}`,
  );
}

const CHUNK_BYTES = 1024 * 1024;

function* bodies(parts: readonly Part[], name: string): Generator<Uint8Array> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (const { root, done } of parts) {
    const file = openSync(join(root, name), "r");
    try {
      let at = done.headBytes;
      for (;;) {
        const read = readSync(file, chunk, 0, CHUNK_BYTES, at);
        if (read === 0) break;
        yield chunk.subarray(0, read);
        at += read;
      }
      if (at !== done.bytes)
        throw refusal(`${join(root, name)} has ${at} bytes, its shard wrote ${done.bytes}`);
    } finally {
      closeSync(file);
    }
  }
}

function sum(a: Totals, b: Totals): Totals {
  return {
    miniBatches: a.miniBatches + b.miniBatches,
    failedMiniBatches: a.failedMiniBatches + b.failedMiniBatches,
    files: a.files + b.files,
    succeeded: a.succeeded + b.succeeded,
    failed: a.failed + b.failed,
    rows: a.rows + b.rows,
    retries: a.retries + b.retries,
    timing: {
      readMs: a.timing.readMs + b.timing.readMs,
      runMs: a.timing.runMs + b.timing.runMs,
      writeMs: a.timing.writeMs + b.timing.writeMs,
    },
  };
}

function joined(
  parts: readonly Part[],
  facts: Pick<Report, "verdict" | "settings" | "totals" | "result">,
): Report {
  const reports = parts.map(({ done }) => done.report);
  const [first] = reports;
  if (first === undefined) throw new Error("nothing to join");
  const total = (of: (report: Report) => number): number =>
    reports.reduce((all, one) => all + of(one), 0);
  return {
    ...first,
    ...facts,
    shard: null,
    workers: total(({ workers }) => workers),
    starts: total(({ starts }) => starts),
    elapsedMs: Math.max(...reports.map(({ elapsedMs }) => elapsedMs)),
    total: total((report) => report.total),
    errors: reports.flatMap(({ errors }) => errors),
    moreErrors: total(({ moreErrors }) => moreErrors),
  };
}
