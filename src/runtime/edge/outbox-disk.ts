/**
 * The outbox on its disk: results, and marks of what became of them and of their inputs. A disk that
 * is full or broken is said once and tried again later; meanwhile it takes nothing.
 */

import type { Clock, Log } from "../../core/ports.ts";
import { openJournal } from "../../journal/journal.ts";
import type { Journal, JournalPlace } from "../../journal/journal.ts";
import type { JournalRecord } from "../../journal/record.ts";
import { parseResult } from "./result.ts";
import type { Result } from "./result.ts";

export type StoredResult = {
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly key: string;
  readonly bytes: number;
  readonly place: JournalPlace;
};

/** Called for what an earlier run has left, oldest first. */
export type Replay = {
  readonly result: (stored: StoredResult) => void;
  readonly takenUpTo: (number: number) => void;
  readonly began: (key: string) => void;
  readonly started: () => void;
  readonly stopped: () => void;
};

export type OutboxDiskOptions = {
  readonly folder: string;
  /** Of all results that wait. */
  readonly maxBytes: number;
  readonly replay: Replay;
  readonly clock: Clock;
  readonly log: Log;
};

const RESULT = 1;
const TAKEN = 2;
const BEGAN = 3;
const STARTED = 4;
const STOPPED = 5;

const MAX_SEGMENT_BYTES = 8 * 1024 * 1024;
const MIN_SEGMENT_BYTES = 64 * 1024;
const RETRY_MS = 10_000;

export class OutboxDisk {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #journal: Journal;
  #faultUntil = 0;

  /** @throws Error where the folder cannot be used */
  constructor({ folder, maxBytes, replay, clock, log }: OutboxDiskOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#journal = openJournal({
      folder,
      segmentBytes: Math.max(
        MIN_SEGMENT_BYTES,
        Math.min(MAX_SEGMENT_BYTES, Math.floor(maxBytes / 16)),
      ),
      damaged: (message) => log.warn(`outbox: ${message}`),
      replay: (record, place) => replayRecord(replay, record, place),
    });
    this.#mark(STARTED);
  }

  get works(): boolean {
    return this.#faultUntil === 0;
  }

  /** Where it lies, or `undefined` where the disk does not take it. */
  store(number: number, payload: Uint8Array): JournalPlace | undefined {
    if (this.#clock.monotonic() < this.#faultUntil) return undefined;
    const head = Buffer.from(`${number} ${this.#clock.now()} `);
    try {
      const place = this.#journal.append(RESULT, Buffer.concat([head, payload]));
      if (!this.works) this.#log.info("the outbox is on the disk again");
      this.#faultUntil = 0;
      return place;
    } catch (error) {
      this.#fault(error as Error);
      return undefined;
    }
  }

  /** @throws Error where it cannot be read */
  load(place: JournalPlace): Result {
    return parseResult(bodyOf(this.#journal.read(place)));
  }

  async sync(): Promise<void> {
    try {
      await this.#journal.sync();
    } catch (error) {
      this.#fault(error as Error);
    }
  }

  began(key: string): void {
    this.#mark(BEGAN, key);
  }

  /** @param oldest of the results that stay; absent: none does */
  free(takenUpTo: number, oldest: JournalPlace | undefined): void {
    const mark = this.#mark(TAKEN, String(takenUpTo));
    const segment = oldest?.segment ?? mark?.segment;
    if (segment !== undefined) this.#journal.dropBefore(segment);
  }

  /** The module ends in good order. */
  async close(): Promise<void> {
    this.#mark(STOPPED);
    await this.sync();
    this.#journal.close();
  }

  /** Marks only spare work later: one that is not written is no fault. */
  #mark(kind: number, text = ""): JournalPlace | undefined {
    try {
      return this.#journal.append(kind, Buffer.from(text));
    } catch {
      return undefined;
    }
  }

  #fault({ message }: Error): void {
    if (this.works) {
      this.#log.error(`the outbox cannot be written, results are kept in memory: ${message}`);
    }
    this.#faultUntil = this.#clock.monotonic() + RETRY_MS;
  }
}

function replayRecord(replay: Replay, { kind, payload }: JournalRecord, place: JournalPlace): void {
  const text = (): string => Buffer.from(payload).toString();
  switch (kind) {
    case RESULT:
      return replay.result({ ...headOf(payload), bytes: payload.length, place });
    case TAKEN:
      return replay.takenUpTo(Number(text()));
    case BEGAN:
      return replay.began(text());
    case STARTED:
      return replay.started();
    case STOPPED:
      return replay.stopped();
  }
}

/** `number at {…}` and a body. */
function headOf(payload: Uint8Array): { number: number; at: number; key: string } {
  const [number = "", at = ""] = Buffer.from(payload.subarray(0, 48)).toString().split(" ");
  return { number: Number(number), at: Number(at), key: parseResult(bodyOf(payload)).key };
}

function bodyOf(payload: Uint8Array): Uint8Array {
  const bytes = Buffer.from(payload);
  return bytes.subarray(bytes.indexOf(0x7b));
}
