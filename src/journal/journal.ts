/**
 * Records that outlive the process: a folder of append-only segment files. A record that was
 * appended survives `kill -9`, one that was synced survives a power cut, and a torn last write is
 * cut off at the next start. Whole segments go when nothing in them is needed any more.
 */

import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

import { HEADER_BYTES, parseRecords, renderRecord } from "./record.ts";
import type { JournalRecord } from "./record.ts";

/** Where a record lies. */
export type JournalPlace = {
  readonly segment: number;
  readonly offset: number;
  /** Of the payload. */
  readonly bytes: number;
};

export type Journal = {
  /** Hands the record to the kernel. @throws Error with its `code`, e.g. ENOSPC; nothing is half there then */
  readonly append: (kind: number, payload: Uint8Array) => JournalPlace;
  /**
   * Resolves when everything appended so far is on the disk; calls at the same time share one sync.
   * @throws Error with its `code`: what was appended and not yet synced may be lost, and stays so; what
   * is appended from then on goes to a new segment
   */
  readonly sync: () => Promise<void>;
  readonly read: (place: JournalPlace) => Uint8Array;
  /** Removes the segments before this one; the one that is written to stays, and what the disk keeps. */
  readonly dropBefore: (segment: number) => void;
  /** On the disk now. */
  readonly bytes: () => number;
  readonly close: () => void;
};

export type JournalOptions = {
  readonly folder: string;
  readonly segmentBytes: number;
  /** Called for every record found, oldest first. */
  readonly replay: (record: JournalRecord, place: JournalPlace) => void;
  /** Called where bytes, or a segment, are left out. */
  readonly damaged: (message: string) => void;
};

/** @throws Error with its `code` where the folder cannot be written */
export function openJournal(options: JournalOptions): Journal {
  mkdirSync(options.folder, { recursive: true });
  return new SegmentedJournal(options);
}

class SegmentedJournal implements Journal {
  readonly #folder: string;
  readonly #segmentBytes: number;
  /** Length of each segment, oldest first. */
  readonly #segments = new Map<number, number>();
  readonly #readers = new Map<number, number>();
  /** The highest number there is, also of what cannot be read. */
  #last = 0;
  /** Closed segments that a sync must still cover. */
  #unsynced: number[] = [];
  #active: { readonly segment: number; readonly file: number };
  #syncing: Promise<void> | undefined;
  #nextSync: Promise<void> | undefined;
  /** The kernel says once that bytes did not reach the disk: a later sync of the same file proves nothing. */
  #spoiled = false;

  constructor({ folder, segmentBytes, replay, damaged }: JournalOptions) {
    this.#folder = folder;
    this.#segmentBytes = segmentBytes;
    for (const { segment, file } of segmentsIn(folder)) {
      this.#last = segment;
      if (file) this.#recover(segment, { replay, damaged });
    }
    this.#active = this.#create();
  }

  append = (kind: number, payload: Uint8Array): JournalPlace => {
    if (this.#spoiled || this.#length() >= this.#segmentBytes) this.#rotate();
    const { segment, file } = this.#active;
    const offset = this.#length();
    const bytes = renderRecord({ kind, payload });
    try {
      for (let at = 0; at < bytes.length;) {
        at += writeSync(file, bytes, at, bytes.length - at, offset + at);
      }
    } catch (error) {
      ftruncateSync(file, offset);
      throw error;
    }
    this.#segments.set(segment, offset + bytes.length);
    return { segment, offset, bytes: payload.length };
  };

  sync = (): Promise<void> => {
    // One that has not begun covers everything so far, also what those append who wait for the running one.
    if (this.#nextSync !== undefined) return this.#nextSync;
    if (this.#syncing === undefined) return this.#beginSync();
    this.#nextSync = this.#syncing.then(
      () => {
        this.#nextSync = undefined;
        return this.#beginSync();
      },
      (error: unknown) => {
        // Their bytes may be among those that the kernel gave up.
        this.#nextSync = undefined;
        throw error;
      },
    );
    return this.#nextSync;
  };

  read = ({ segment, offset, bytes }: JournalPlace): Uint8Array => {
    let file = segment === this.#active.segment ? this.#active.file : this.#readers.get(segment);
    if (file === undefined) {
      file = openSync(this.#path(segment), "r");
      this.#readers.set(segment, file);
    }
    const payload = Buffer.allocUnsafe(bytes);
    const read = readSync(file, payload, 0, bytes, offset + HEADER_BYTES);
    if (read !== bytes) throw new Error(`record at ${segment}:${offset} ends early`);
    return payload;
  };

  dropBefore = (segment: number): void => {
    // A map may lose entries while it is walked over.
    for (const old of this.#segments.keys()) {
      if (old >= segment || old === this.#active.segment) continue;
      const reader = this.#readers.get(old);
      if (reader !== undefined) closeSync(reader);
      this.#readers.delete(old);
      try {
        rmSync(this.#path(old), { force: true });
      } catch {
        // A disk that became read-only, say: it is tried again with the next one.
        continue;
      }
      this.#segments.delete(old);
    }
  };

  bytes = (): number => {
    let sum = 0;
    for (const length of this.#segments.values()) sum += length;
    return sum;
  };

  close = (): void => {
    for (const file of [this.#active.file, ...this.#readers.values(), ...this.#unsynced]) {
      closeSync(file);
    }
    this.#readers.clear();
    this.#unsynced = [];
  };

  #path(segment: number): string {
    return join(this.#folder, nameOf(segment));
  }

  #length(): number {
    return this.#segments.get(this.#active.segment) ?? 0;
  }

  #recover(segment: number, { replay, damaged }: Pick<JournalOptions, "replay" | "damaged">): void {
    const bytes = this.#load(segment, damaged);
    if (bytes === undefined) return;
    const { records, damages, validBytes } = parseRecords(bytes);
    for (const { offset, bytes: lost } of damages) {
      damaged(`${lost} bytes at ${offset} of segment ${segment} are no whole record and are lost`);
    }
    if (validBytes < bytes.length) {
      damaged(
        `${bytes.length - validBytes} bytes at the end of segment ${segment} are no whole record`,
      );
      truncateSync(this.#path(segment), validBytes);
    }
    this.#segments.set(segment, validBytes);
    for (const { kind, payload, offset } of records) {
      replay({ kind, payload }, { segment, offset, bytes: payload.length });
    }
  }

  /** What cannot be read stays where it is: the disk may be better one day. */
  #load(segment: number, damaged: JournalOptions["damaged"]): Buffer | undefined {
    try {
      return readFileSync(this.#path(segment));
    } catch (error) {
      damaged(`segment ${segment} is left out, it cannot be read: ${(error as Error).message}`);
      return undefined;
    }
  }

  #create(): { segment: number; file: number } {
    this.#last += 1;
    const segment = this.#last;
    const file = openSync(this.#path(segment), "wx+");
    try {
      // Without it a power cut may take the file's name, and with it what was synced into the file.
      const folder = openSync(this.#folder, "r");
      try {
        fsyncSync(folder);
      } finally {
        closeSync(folder);
      }
    } catch (error) {
      closeSync(file);
      rmSync(this.#path(segment), { force: true });
      throw error;
    }
    this.#segments.set(segment, 0);
    return { segment, file };
  }

  #rotate(): void {
    const { file } = this.#active;
    this.#active = this.#create();
    // Who waits for a spoiled one was told, and its next sync may fail again.
    if (this.#spoiled) closeSync(file);
    else this.#unsynced.push(file);
    this.#spoiled = false;
  }

  #beginSync(): Promise<void> {
    this.#syncing = this.#syncOnce().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  async #syncOnce(): Promise<void> {
    const closed = this.#unsynced;
    this.#unsynced = [];
    const syncs = await Promise.allSettled([...closed, this.#active.file].map(syncFile));
    for (const file of closed) closeSync(file);
    const failed = syncs.find(({ status }) => status === "rejected");
    if (failed?.status !== "rejected") return;
    this.#spoiled = true;
    throw failed.reason;
  }
}

function syncFile(file: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(file, (error) => (error === null ? resolve() : reject(error)));
  });
}

type SegmentEntry = { readonly segment: number; readonly file: boolean };

/** In order. Others may have left something in the folder, and it is theirs. */
function segmentsIn(folder: string): readonly SegmentEntry[] {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => ({
      name: entry.name,
      segment: Number.parseInt(entry.name, 10),
      file: entry.isFile(),
    }))
    .filter(({ name, segment }) => name === nameOf(segment))
    .toSorted((a, b) => a.segment - b.segment);
}

function nameOf(segment: number): string {
  return `${String(segment).padStart(10, "0")}.journal`;
}
