/**
 * Results on their way to the hub: durable before their input is acknowledged, sent in order, gone
 * when the hub has taken them. Without a folder, or with a full disk, they are kept in memory, and an
 * input is acknowledged only when the hub has its result.
 */

import type { Clock, Log } from "../../core/ports.ts";
import { openJournal } from "../../journal/journal.ts";
import type { Journal, JournalPlace } from "../../journal/journal.ts";
import type { JournalRecord } from "../../journal/record.ts";
import { parseResult, renderResult } from "./result.ts";
import type { Result } from "./result.ts";
import { createSuspects } from "./suspects.ts";
import type { Suspects } from "./suspects.ts";

export type OutboxLimits = { readonly maxBytes: number; readonly maxAgeSeconds: number };

export type OutboxOptions = {
  /** Absent: there is no volume. */
  readonly folder?: string;
  readonly limits: OutboxLimits;
  readonly clock: Clock;
  readonly log: Log;
};

export type OutboxState = {
  readonly depth: number;
  readonly bytes: number;
  readonly oldestAgeSeconds: number;
  readonly dropped: number;
  readonly durable: boolean;
};

const RESULT = 1;
const TAKEN = 2;
const BEGAN = 3;
const STARTED = 4;
const STOPPED = 5;

const MAX_SEGMENT_BYTES = 8 * 1024 * 1024;
const MIN_SEGMENT_BYTES = 64 * 1024;
/** Results sent and not yet taken by the hub. */
const WINDOW = 64;
/** Bodies kept beside the disk, so that the way to the hub does not lead over it. */
const CACHE_BYTES = 4 * 1024 * 1024;
/** Keys of results that the hub has, for inputs that come a second time. */
const REMEMBERED = 4096;
/** After a disk that was full, how long results go to memory before it is tried again. */
const RETRY_MS = 10_000;

type Entry = {
  readonly number: number;
  readonly key: string;
  readonly at: number;
  readonly bytes: number;
  readonly place?: JournalPlace;
  result?: Result;
  /** Synced, or in memory for good: it may be sent. */
  ready: boolean;
  taken: boolean;
  readonly onTaken?: () => void;
};

type Send = (result: Result) => Promise<void>;

export class Outbox {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #journal: Journal | undefined;
  readonly suspects: Suspects = createSuspects();
  #limits: OutboxLimits;
  /** In order of their numbers; taken ones at the front are removed. */
  #entries: Entry[] = [];
  #keys = new Set<string>();
  #remembered = new Set<string>();
  #nextNumber = 1;
  #bytes = 0;
  #cachedBytes = 0;
  #dropped = 0;
  #diskFullUntil = 0;
  #send: Send | undefined;
  /** How many of the entries at the front are on their way or taken. */
  #sent = 0;

  constructor({ folder, limits, clock, log }: OutboxOptions) {
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
    if (folder === undefined) return;
    try {
      this.#journal = openJournal({
        folder,
        segmentBytes: segmentBytes(limits),
        damaged: (message) => log.warn(`outbox: ${message}`),
        replay: (record, place) => this.#replay(record, place),
      });
      this.#record(STARTED);
      this.suspects.started();
    } catch (error) {
      log.error(
        `the outbox cannot be opened, results are kept in memory: ${(error as Error).message}`,
      );
    }
    this.#dropOld();
  }

  get durable(): boolean {
    return this.#journal !== undefined && this.#diskFullUntil === 0;
  }

  /** Whether the result of this input is here, or the hub has it. */
  has(key: string): boolean {
    return this.#keys.has(key) || this.#remembered.has(key);
  }

  began(key: string): void {
    this.suspects.began(key);
    this.#record(BEGAN, key);
  }

  /** Resolves when the input may be acknowledged. */
  async add(result: Result): Promise<void> {
    this.suspects.answered(result.key);
    const payload = renderResult(result);
    const place = this.#store(payload);
    let onTaken: (() => void) | undefined;
    const taken = new Promise<void>((resolve) => {
      onTaken = resolve;
    });
    const entry: Entry = {
      number: this.#nextNumber,
      key: result.key,
      at: this.#clock.now(),
      bytes: payload.length,
      ...(place === undefined ? { ...(onTaken && { onTaken }) } : { place }),
      ready: place === undefined,
      taken: false,
    };
    this.#nextNumber += 1;
    this.#put(entry);
    if (place === undefined || this.#cachedBytes + entry.bytes <= CACHE_BYTES) {
      entry.result = result;
      if (place !== undefined) this.#cachedBytes += entry.bytes;
    }
    this.#dropOld();
    if (place === undefined) {
      this.#pump();
      return taken;
    }
    try {
      await this.#journal?.sync();
    } catch (error) {
      this.#diskFault(error as Error);
    }
    entry.ready = true;
    this.#pump();
  }

  /** From now on results go this way, oldest first. */
  attach(send: Send): void {
    this.#send = send;
    this.#sent = 0;
    this.#pump();
  }

  /** The way is gone: what was not taken will be sent again. */
  detach(): void {
    this.#send = undefined;
    this.#sent = 0;
  }

  setLimits(limits: OutboxLimits): void {
    this.#limits = limits;
    this.#dropOld();
  }

  state(): OutboxState {
    const oldest = this.#entries[0];
    return {
      depth: this.#entries.length,
      bytes: this.#bytes,
      oldestAgeSeconds:
        oldest === undefined ? 0 : Math.max(0, (this.#clock.now() - oldest.at) / 1000),
      dropped: this.#dropped,
      durable: this.durable,
    };
  }

  /** The module ends in good order. */
  async close(): Promise<void> {
    this.detach();
    this.#record(STOPPED);
    await this.#journal?.sync().catch(() => undefined);
    this.#journal?.close();
  }

  #replay({ kind, payload }: JournalRecord, place: JournalPlace): void {
    switch (kind) {
      case RESULT: {
        const { key, number, at } = headOf(payload);
        this.suspects.answered(key);
        this.#nextNumber = Math.max(this.#nextNumber, number + 1);
        this.#put({ number, key, at, bytes: payload.length, place, ready: true, taken: false });
        break;
      }
      case TAKEN: {
        const last = Number(Buffer.from(payload).toString());
        while (this.#entries[0] !== undefined && this.#entries[0].number <= last) this.#shift();
        break;
      }
      case BEGAN:
        this.suspects.began(Buffer.from(payload).toString());
        break;
      case STARTED:
        this.suspects.started();
        break;
      case STOPPED:
        this.suspects.stopped();
        break;
    }
  }

  #put(entry: Entry): void {
    this.#entries.push(entry);
    this.#keys.add(entry.key);
    this.#bytes += entry.bytes;
  }

  #shift(): void {
    const entry = this.#entries.shift();
    if (entry === undefined) return;
    this.#bytes -= entry.bytes;
    if (entry.place !== undefined && entry.result !== undefined) this.#cachedBytes -= entry.bytes;
    this.#keys.delete(entry.key);
    this.#remember(entry.key);
    this.#sent = Math.max(0, this.#sent - 1);
  }

  #remember(key: string): void {
    this.#remembered.add(key);
    if (this.#remembered.size <= REMEMBERED) return;
    const [oldest] = this.#remembered;
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }

  /** Where it lies, or `undefined` where the disk does not take it. */
  #store(payload: Uint8Array): JournalPlace | undefined {
    if (this.#journal === undefined || this.#clock.monotonic() < this.#diskFullUntil)
      return undefined;
    const head = Buffer.from(`${this.#nextNumber} ${this.#clock.now()} `);
    try {
      const place = this.#journal.append(RESULT, Buffer.concat([head, payload]));
      if (this.#diskFullUntil > 0) this.#log.info("the outbox is on the disk again");
      this.#diskFullUntil = 0;
      return place;
    } catch (error) {
      this.#diskFault(error as Error);
      return undefined;
    }
  }

  #diskFault({ message }: Error): void {
    if (this.#diskFullUntil === 0) {
      this.#log.error(`the outbox cannot be written, results are kept in memory: ${message}`);
    }
    this.#diskFullUntil = this.#clock.monotonic() + RETRY_MS;
  }

  /** What is not worth a fault of its own: marks that only spare work later. */
  #record(kind: number, text = ""): JournalPlace | undefined {
    if (this.#journal === undefined) return undefined;
    try {
      return this.#journal.append(kind, Buffer.from(text));
    } catch {
      return undefined;
    }
  }

  #pump(): void {
    while (this.#send !== undefined && this.#sent < Math.min(WINDOW, this.#entries.length)) {
      const entry = this.#entries[this.#sent];
      if (entry === undefined || !entry.ready) return;
      this.#sent += 1;
      if (!entry.taken) void this.#sendOne(entry, this.#send);
    }
  }

  async #sendOne(entry: Entry, send: Send): Promise<void> {
    try {
      await send(entry.result ?? this.#load(entry));
    } catch {
      // The connection's end brings all of them back; it is noticed where it is watched.
      return;
    }
    if (entry.taken) return;
    entry.taken = true;
    entry.onTaken?.();
    this.#removeTaken();
    this.#pump();
  }

  #load({ place }: Entry): Result {
    if (this.#journal === undefined || place === undefined) throw new Error("nothing is stored");
    return parseResult(bodyOf(this.#journal.read(place)));
  }

  #removeTaken(): void {
    let last = 0;
    while (this.#entries[0]?.taken === true) {
      last = this.#entries[0].number;
      this.#shift();
    }
    if (last > 0) this.#freeUpTo(last);
  }

  #freeUpTo(last: number): void {
    const mark = this.#record(TAKEN, String(last));
    const oldest = this.#entries.find((entry) => entry.place !== undefined)?.place;
    const segment = oldest?.segment ?? mark?.segment;
    if (segment !== undefined) this.#journal?.dropBefore(segment);
  }

  /** Oldest first, until the limits hold. Those in memory stay: their inputs are not acknowledged. */
  #dropOld(): void {
    const { maxBytes, maxAgeSeconds } = this.#limits;
    const deadline = this.#clock.now() - maxAgeSeconds * 1000;
    let last = 0;
    for (let [first] = this.#entries; first?.place !== undefined; [first] = this.#entries) {
      const over = this.#bytes > maxBytes && this.#entries.length > 1;
      if (!over && first.at >= deadline) break;
      last = first.number;
      this.#shift();
      this.#dropped += 1;
    }
    if (last > 0) this.#freeUpTo(last);
  }
}

function segmentBytes({ maxBytes }: OutboxLimits): number {
  return Math.max(MIN_SEGMENT_BYTES, Math.min(MAX_SEGMENT_BYTES, Math.floor(maxBytes / 16)));
}

/** `number at {…}` and a body. */
function headOf(payload: Uint8Array): { number: number; at: number; key: string } {
  const [number = "", at = ""] = Buffer.from(payload.subarray(0, 48)).toString().split(" ");
  return { number: Number(number), at: Number(at), key: parseResult(bodyOf(payload)).key };
}

function bodyOf(payload: Uint8Array): Uint8Array {
  const bytes = Buffer.from(payload);
  const start = bytes.indexOf(0x7b);
  return bytes.subarray(start);
}
