/**
 * The outbox on its disk: results, and marks of what became of them and of their inputs. A disk that
 * is full or broken is said once and tried again later; meanwhile it takes nothing.
 *
 * Times are those of the monotonic clock. On the disk they go on over restarts: what no module saw
 * pass does not count, and a clock that is set, as on a gateway without a battery, ages nothing.
 */

import type { Clock, Log } from "../../../core/ports.ts";
import { openJournal } from "../../../journal/journal.ts";
import type { Journal, JournalPlace } from "../../../journal/journal.ts";
import { Leftovers } from "./leftovers.ts";
import type { StoredResult, TakenResult } from "./leftovers.ts";
import {
  BEGAN,
  parseStored,
  renderStored,
  renderTaken,
  RESULT,
  STARTED,
  STOPPED,
  TAKEN,
} from "./result.ts";
import type { Result } from "./result.ts";
import type { Suspects } from "./suspects.ts";

/** What earlier runs have left. */
export type Left = {
  /** Oldest first. */
  readonly waiting: readonly StoredResult[];
  readonly taken: readonly TakenResult[];
  readonly lastNumber: number;
  readonly suspects: Suspects;
};

export type DiskOptions = {
  readonly folder: string;
  /** Of all results that wait. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly log: Log;
};

const MAX_SEGMENT_BYTES = 8 * 1024 * 1024;
const MIN_SEGMENT_BYTES = 64 * 1024;
const RETRY_MS = 10_000;

export type OpenedDisk = { readonly disk: OutboxDisk; readonly left: Left };

/** @throws Error where the folder cannot be used */
export function openDisk({ folder, maxBytes, clock, log }: DiskOptions): OpenedDisk {
  const leftovers = new Leftovers();
  const segmentBytes = Math.min(MAX_SEGMENT_BYTES, Math.floor(maxBytes / 16));
  const journal = openJournal({
    folder,
    segmentBytes: Math.max(MIN_SEGMENT_BYTES, segmentBytes),
    damaged: (message) => log.warn(`outbox: ${message}`),
    replay: (record, place) => {
      try {
        leftovers.replay(record, place);
      } catch (error) {
        const { message } = error as Error;
        log.warn(`outbox: record ${place.segment}:${place.offset} is left out: ${message}`);
      }
    },
  });
  const aheadMs = leftovers.lastAt - clock.monotonic();
  const disk = new OutboxDisk({ journal, aheadMs, clock, log });
  return { disk, left: asSeenNow(leftovers, aheadMs) };
}

/** With times on the monotonic clock. */
function asSeenNow({ waiting, taken, lastNumber, suspects }: Leftovers, aheadMs: number): Left {
  const moved = <T extends { readonly at: number }>(value: T): T => ({
    ...value,
    at: value.at - aheadMs,
  });
  return { waiting: waiting.map(moved), taken: taken.map(moved), lastNumber, suspects };
}

type OutboxDiskOptions = {
  readonly journal: Journal;
  /** From the monotonic clock to the time on the disk. */
  readonly aheadMs: number;
  readonly clock: Clock;
  readonly log: Log;
};

export class OutboxDisk {
  readonly #journal: Journal;
  readonly #aheadMs: number;
  readonly #clock: Clock;
  readonly #log: Log;
  #faultUntil = 0;

  constructor({ journal, aheadMs, clock, log }: OutboxDiskOptions) {
    this.#journal = journal;
    this.#aheadMs = aheadMs;
    this.#clock = clock;
    this.#log = log;
    this.#mark(STARTED);
  }

  get works(): boolean {
    return this.#faultUntil === 0;
  }

  /** Where it lies, or `undefined` where the disk does not take it. */
  store(result: Result, number: number): JournalPlace | undefined {
    if (this.#clock.monotonic() < this.#faultUntil) return undefined;
    try {
      return this.#journal.append(RESULT, renderStored(result, { number, at: this.#now() }));
    } catch (error) {
      this.#fault(error as Error);
      return undefined;
    }
  }

  /** @throws Error where it cannot be read */
  load(place: JournalPlace): Result {
    return parseStored(this.#journal.read(place)).result;
  }

  /** Whether everything stored so far is on the disk. */
  async sync(): Promise<boolean> {
    try {
      await this.#journal.sync();
    } catch (error) {
      this.#fault(error as Error);
      return false;
    }
    // A fault that came meanwhile is another's, whose time has just begun.
    if (!this.works && this.#clock.monotonic() >= this.#faultUntil) {
      this.#log.info("the outbox is on the disk again");
      this.#faultUntil = 0;
    }
    return true;
  }

  began(key: string): void {
    this.#mark(BEGAN, key);
  }

  /** @param oldest of the results that stay; absent: none does */
  free(takenUpTo: number, oldest: JournalPlace | undefined): void {
    const mark = this.#mark(TAKEN, renderTaken({ number: takenUpTo, at: this.#now() }));
    const segment = oldest?.segment ?? mark?.segment;
    if (segment !== undefined) this.#journal.dropBefore(segment);
  }

  /** The module ends in good order. */
  async close(): Promise<void> {
    this.#mark(STOPPED, String(Math.round(this.#now())));
    await this.sync();
    this.#journal.close();
  }

  #now(): number {
    return this.#clock.monotonic() + this.#aheadMs;
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
