/** What of a job is done? Every mini-batch once, with its rows, in a journal that outlives the process. */

import type { Clock } from "../../../core/ports.ts";
import { openJournal } from "../../../journal/journal.ts";
import type { JournalPlace } from "../../../journal/journal.ts";
import type { Facts, Timing } from "../workers/mini-batch.ts";

/** What is known of one mini-batch that was scored, or given up. */
export type Entry = Facts & {
  readonly id: number;
  /** Input files that end with it. */
  readonly files: number;
};

export type Totals = {
  readonly miniBatches: number;
  readonly failedMiniBatches: number;
  readonly files: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly rows: number;
  /** Tries beyond the first. */
  readonly retries: number;
  readonly timing: Timing;
};

export const NO_TOTALS: Totals = {
  miniBatches: 0,
  failedMiniBatches: 0,
  files: 0,
  succeeded: 0,
  failed: 0,
  rows: 0,
  retries: 0,
  timing: { readMs: 0, runMs: 0, writeMs: 0 },
};

/** One start of the job. */
export type Start = {
  /** What the starts before it took together. */
  readonly beforeMs: number;
  /** Digest of what scores. */
  readonly sources: string;
};

export type Ledger = {
  /** To be called once, before anything is appended. @throws as `append` */
  readonly begin: (start: Start) => void;
  /** Starts of this job, and their time together up to the last entry. */
  readonly starts: () => { readonly count: number; readonly elapsedMs: number };
  /** Digests of what has scored the entries, each once. */
  readonly sources: () => readonly string[];
  readonly has: (id: number) => boolean;
  readonly totals: () => Totals;
  /** What rows begin with, in formats that have a head. */
  readonly head: () => string;
  /** @throws Error with its `code`, e.g. ENOSPC; nothing is half there then */
  readonly append: (entry: Entry, rows: Uint8Array) => void;
  readonly sync: () => Promise<void>;
  /** Rows in the order of the input. */
  readonly rows: () => Generator<Uint8Array>;
  /** Entries with an error or more than one try, and all where `every` is set. */
  readonly entries: () => Generator<Entry>;
  readonly close: () => void;
};

const MINI_BATCH = 1;
const START = 2;
const SEGMENT_BYTES = 16 * 1024 * 1024;

/** An entry with the start that it is of, counted from 0, and the time since that began. */
type Kept = Entry & { readonly start: number; readonly atMs: number };

export type LedgerOptions = {
  readonly folder: string;
  readonly clock: Pick<Clock, "monotonic">;
  readonly onDamage: (message: string) => void;
};

export function openLedger({ folder, clock, onDamage }: LedgerOptions): Ledger {
  const places = new Map<number, JournalPlace>();
  const sum = createTotals();
  const starts: Start[] = [];
  const sources = new Set<string>();
  let begunMs = clock.monotonic();
  let elapsedMs = 0;
  let head = "";
  const noteStart = (start: Start): void => {
    starts.push(start);
    elapsedMs = Math.max(elapsedMs, start.beforeMs);
  };
  const note = (entry: Kept, place: JournalPlace): void => {
    const start = starts[entry.start];
    elapsedMs = Math.max(elapsedMs, (start?.beforeMs ?? 0) + entry.atMs);
    // An orphan of this job may have written the same one: the first counts.
    if (places.has(entry.id)) return;
    places.set(entry.id, place);
    if (start !== undefined) sources.add(start.sources);
    if (head === "") ({ head } = entry);
    sum.add(entry);
  };
  const journal = openJournal({
    folder,
    segmentBytes: SEGMENT_BYTES,
    replay: ({ kind, payload }, place) => {
      if (kind === START) noteStart(parseStart(payload));
      else note(parseEntry(payload).entry, place);
    },
    damaged: onDamage,
  });
  const inOrder = () => [...places].toSorted(([a], [b]) => a - b);
  return {
    begin: (start) => {
      journal.append(START, Buffer.from(JSON.stringify(start)));
      noteStart(start);
      begunMs = clock.monotonic();
    },
    starts: () => ({ count: starts.length, elapsedMs }),
    sources: () => [...sources].toSorted(),
    has: (id) => places.has(id),
    totals: sum.totals,
    head: () => head,
    append: (entry, rows) => {
      const kept = { ...entry, start: starts.length - 1, atMs: clock.monotonic() - begunMs };
      note(kept, journal.append(MINI_BATCH, renderEntry(kept, rows)));
    },
    sync: journal.sync,
    rows: function* () {
      for (const [, place] of inOrder()) yield parseEntry(journal.read(place)).rows;
    },
    entries: function* () {
      for (const [, place] of inOrder()) yield parseEntry(journal.read(place)).entry;
    },
    close: journal.close,
  };
}

/** u32 length of the JSON, the JSON, rows. */
function renderEntry(entry: Kept, rows: Uint8Array): Uint8Array {
  const text = Buffer.from(JSON.stringify(entry));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, rows]);
}

function parseEntry(payload: Uint8Array): { entry: Kept; rows: Uint8Array } {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const end = 4 + bytes.readUInt32LE(0);
  return {
    entry: JSON.parse(bytes.toString("utf8", 4, end)) as Kept,
    rows: bytes.subarray(end),
  };
}

function parseStart(payload: Uint8Array): Start {
  return JSON.parse(Buffer.from(payload).toString("utf8")) as Start;
}

function createTotals() {
  const sum = {
    miniBatches: 0,
    failedMiniBatches: 0,
    files: 0,
    rows: 0,
    retries: 0,
    timing: { readMs: 0, runMs: 0, writeMs: 0 },
  };
  let failedItems = 0;
  const failedFiles = new Set<number>();
  return {
    add: (entry: Entry): void => {
      sum.miniBatches += 1;
      sum.failedMiniBatches += entry.ok ? 0 : 1;
      sum.files += entry.files;
      sum.rows += entry.rows;
      sum.retries += entry.tries - 1;
      sum.timing = added(sum.timing, entry.timing);
      failedItems += entry.failedItems;
      for (const { file } of entry.errors) {
        if (file !== undefined) failedFiles.add(file);
      }
    },
    totals: (): Totals => {
      const failed = failedItems + failedFiles.size;
      return { ...sum, failed, succeeded: Math.max(0, sum.files - failed) };
    },
  };
}

function added(a: Timing, b: Timing): Timing {
  return {
    readMs: a.readMs + b.readMs,
    runMs: a.runMs + b.runMs,
    writeMs: a.writeMs + b.writeMs,
  };
}
