/** The work itself: mini-batches through the workers, what comes of each into the ledger. */

import { statSync } from "node:fs";
import { join } from "node:path";

import { workThrough } from "./workers/crew.ts";
import type { JobOptions } from "./job-options.ts";
import type { Entry, Ledger } from "./journal/ledger.ts";
import type { JobLogs } from "./report/logs.ts";
import type { MiniBatch } from "./workers/mini-batch.ts";
import { triesOf } from "./settings.ts";
import type { Stop } from "./stop.ts";
import { overThreshold } from "./report/verdict.ts";

/** Between two times that the journal goes to the disk. */
const SYNC_MS = 1_000;

type Scored = {
  readonly files: readonly string[];
  readonly ledger: Ledger;
  /** Asked before each write. */
  readonly held: () => boolean;
  readonly onLost: () => void;
  readonly logs: JobLogs;
  readonly stop: Stop;
};

/** Every mini-batch that is not done yet, each into the ledger. @throws Error of the disk */
export async function scoreAll(options: JobOptions, scored: Scored): Promise<void> {
  const { settings, input, scoring } = options;
  const { files, ledger, held, onLost, logs, stop } = scored;
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
        if (!held()) {
          onLost();
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

function columnsOf(head: string): string {
  return head.trim() || "no names";
}

/** Rows with other columns than those before them cannot stand in one file: the mini-batch fails. */
function fitting(
  ledger: Ledger,
  entry: Entry,
  rows: Uint8Array,
): { readonly entry: Entry; readonly rows: Uint8Array } {
  const known = ledger.head();
  const hasBoth = known !== "" && entry.head !== "";
  // Rows without names would stand under the names of others.
  const hasRows = entry.rows > 0 && ledger.totals().rows > 0;
  if (entry.head === known || !(hasBoth || hasRows)) return { entry, rows };
  const message = `its rows begin with ${columnsOf(entry.head)}, those before them with ${columnsOf(known)}`;
  const failed = { ok: false, rows: 0, head: "", failedItems: entry.files, errors: [{ message }] };
  return { entry: { ...entry, ...failed }, rows: NO_ROWS };
}
