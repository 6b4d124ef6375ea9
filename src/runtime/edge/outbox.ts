/**
 * Results on their way to the hub: durable before their input is acknowledged, sent in order, gone
 * when the hub has taken them. Without a folder, or with a full disk, they are kept in memory, and an
 * input is acknowledged only when the hub has its result.
 */

import type { Clock, Log } from "../../core/ports.ts";
import type { JournalPlace } from "../../journal/journal.ts";
import { Unsendable } from "./message-size.ts";
import { DropNotice } from "./drop-notice.ts";
import { OutboxDisk } from "./outbox-disk.ts";
import { Remembered, REMEMBERED_MS } from "./remembered.ts";
import { renderResult } from "./result.ts";
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

/** Results sent and not yet taken by the hub. */
const WINDOW = 64;
const REOPEN_MS = 10_000;
/** Bodies kept beside the disk, so that the way to the hub does not lead over it. */
const CACHE_BYTES = 4 * 1024 * 1024;

type Entry = {
  /** Of those on the disk, in order; 0 where it never was there. */
  readonly number: number;
  readonly key: string;
  /** On the monotonic clock. */
  readonly at: number;
  readonly bytes: number;
  /** On the disk, synced or about to be. */
  place: JournalPlace | undefined;
  result?: Result;
  /** Synced, or in memory for good: it may be sent. */
  ready: boolean;
  taken: boolean;
  onTaken?: () => void;
};

type Send = (result: Result) => Promise<void>;

export class Outbox {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #drops: DropNotice;
  readonly #remembered: Remembered;
  #disk: OutboxDisk | undefined;
  #suspects = createSuspects();
  /** Until the folder can be opened. */
  #retry: NodeJS.Timeout | undefined;
  #limits: OutboxLimits;
  /** In order of their numbers; taken ones at the front are removed. */
  #entries: Entry[] = [];
  #keys = new Set<string>();
  #nextNumber = 1;
  #bytes = 0;
  #cachedBytes = 0;
  #dropped = 0;
  #send: Send | undefined;
  /** How many of the entries at the front are on their way or taken. */
  #sent = 0;

  constructor({ folder, limits, clock, log }: OutboxOptions) {
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
    this.#drops = new DropNotice(log);
    this.#remembered = new Remembered(clock);
    if (folder !== undefined) this.#open(folder);
  }

  get suspects(): Suspects {
    return this.#suspects;
  }

  get durable(): boolean {
    return this.#disk?.works === true;
  }

  /** Whether the result of this input is here, or the hub took it a short while ago. */
  has(key: string): boolean {
    return this.#keys.has(key) || this.#remembered.has(key);
  }

  began(key: string): void {
    this.#suspects.began(key);
    this.#disk?.began(key);
  }

  /** Resolves when the input may be acknowledged. */
  async add(result: Result): Promise<void> {
    this.#suspects.answered(result.key);
    const place = this.#disk?.store(result, this.#nextNumber);
    const entry: Entry = {
      number: place === undefined ? 0 : this.#nextNumber,
      key: result.key,
      at: this.#clock.monotonic(),
      bytes: place?.bytes ?? renderResult(result).length,
      place,
      ready: false,
      taken: false,
    };
    if (place !== undefined) this.#nextNumber += 1;
    this.#put(entry);
    if (place !== undefined && this.#cachedBytes + entry.bytes <= CACHE_BYTES) {
      entry.result = result;
      this.#cachedBytes += entry.bytes;
    }
    this.#dropOld();
    const safe = place !== undefined && (await this.#disk?.sync()) === true;
    const taken = safe ? undefined : this.#keepInMemory(entry, result);
    entry.ready = true;
    this.#pump();
    return taken;
  }

  /** From now on results go this way, oldest first. */
  attach(send: Send): void {
    this.#remembered.connected();
    this.#send = send;
    this.#sent = 0;
    this.#pump();
  }

  /** The way is gone: what was not taken will be sent again. */
  detach(): void {
    this.#remembered.disconnected();
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
        oldest === undefined ? 0 : Math.max(0, (this.#clock.monotonic() - oldest.at) / 1000),
      dropped: this.#dropped,
      durable: this.durable,
    };
  }

  /** The module ends in good order. */
  async close(): Promise<void> {
    this.detach();
    clearTimeout(this.#retry);
    this.#drops.close();
    await this.#disk?.close();
  }

  /** A volume may be late, or read-only until somebody repairs it. */
  #open(folder: string, said = ""): void {
    const { maxBytes } = this.#limits;
    try {
      this.#disk = new OutboxDisk({ folder, maxBytes, clock: this.#clock, log: this.#log });
    } catch (error) {
      const { message } = error as Error;
      if (message !== said) {
        this.#log.error(`the outbox cannot be opened, results are kept in memory: ${message}`);
      }
      this.#retry = setTimeout(() => this.#open(folder, message), REOPEN_MS).unref();
      return;
    }
    if (said !== "") this.#log.info("the outbox is on the disk");
    this.#adopt(this.#disk);
    this.#dropOld();
    this.#pump();
  }

  /** Results of earlier runs go before those of this one that are not on their way yet. */
  #adopt(disk: OutboxDisk): void {
    const { waiting, taken, lastNumber, suspects } = disk.left;
    const running = this.#suspects.running();
    this.#suspects = suspects;
    suspects.started();
    for (const key of running) this.began(key);
    this.#nextNumber = lastNumber + 1;
    const since = this.#clock.monotonic() - REMEMBERED_MS;
    for (const { key, at } of taken) if (at >= since) this.#remembered.add(key);
    const later = this.#entries.slice(this.#sent);
    this.#entries.length = this.#sent;
    for (const stored of waiting) this.#put({ ...stored, ready: true, taken: false });
    for (const entry of later) this.#entries.push(entry);
  }

  /** What may lie on the disk of it is not sure to. Resolves when the hub has it. */
  #keepInMemory(entry: Entry, result: Result): Promise<void> {
    if (entry.place !== undefined && entry.result !== undefined) this.#cachedBytes -= entry.bytes;
    entry.place = undefined;
    entry.result = result;
    return new Promise((resolve) => {
      entry.onTaken = resolve;
    });
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
    this.#remembered.add(entry.key);
    this.#sent = Math.max(0, this.#sent - 1);
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
    const result = this.#load(entry);
    if (result === undefined) return this.#drop(entry);
    try {
      await send(result);
    } catch (error) {
      // The connection's end brings all others back; it is noticed where it is watched.
      if (!(error instanceof Unsendable)) return;
      this.#log.error(`a result that no hub takes is left out: ${error.message}`);
      return this.#drop(entry);
    }
    this.#take(entry);
  }

  /** What can never be sent must not stand before all the others. */
  #drop(entry: Entry): void {
    this.#dropped += 1;
    this.#take(entry);
  }

  #take(entry: Entry): void {
    if (entry.taken) return;
    entry.taken = true;
    entry.onTaken?.();
    this.#removeTaken();
    this.#pump();
  }

  #load({ place, result, number }: Entry): Result | undefined {
    if (result !== undefined) return result;
    try {
      if (this.#disk !== undefined && place !== undefined) return this.#disk.load(place);
    } catch (error) {
      this.#log.error(
        `result ${number} of the outbox is left out, it cannot be read: ${(error as Error).message}`,
      );
    }
    return undefined;
  }

  #removeTaken(): void {
    let last = 0;
    while (this.#entries[0]?.taken === true) {
      last = Math.max(last, this.#entries[0].number);
      this.#shift();
    }
    if (last > 0) this.#freeUpTo(last);
  }

  #freeUpTo(last: number): void {
    this.#disk?.free(last, this.#entries.find((entry) => entry.place !== undefined)?.place);
  }

  /** Oldest first, until the limits hold. Those in memory stay: their inputs are not acknowledged. */
  #dropOld(): void {
    const { maxBytes, maxAgeSeconds } = this.#limits;
    const deadline = this.#clock.monotonic() - maxAgeSeconds * 1000;
    let last = 0;
    const drop = (why: string): void => {
      last = this.#entries[0]?.number ?? last;
      this.#shift();
      this.#dropped += 1;
      this.#drops.add(1, why);
    };
    for (let [first] = this.#entries; first?.ready === true; [first] = this.#entries) {
      if (first.place === undefined) break;
      if (this.#bytes > maxBytes && this.#entries.length > 1) drop(`over ${maxBytes} bytes wait`);
      else if (first.at < deadline) drop(`older than ${maxAgeSeconds} s`);
      else break;
    }
    if (last > 0) this.#freeUpTo(last);
  }
}
