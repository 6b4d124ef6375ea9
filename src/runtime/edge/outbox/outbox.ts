/**
 * Results on their way to the hub: durable before their input is acknowledged, sent in order, gone
 * when the hub has taken them. Without a folder, or with a full disk, they are kept in memory, and an
 * input is acknowledged only when the hub has its result.
 */

import type { Clock, Log } from "../../../core/ports.ts";
import type { OpenedDisk, OutboxDisk } from "./disk.ts";
import { DropNotice } from "./drop-notice.ts";
import { Queue } from "./queue.ts";
import type { Waiting } from "./queue.ts";
import { Remembered, REMEMBERED_MS } from "./remembered.ts";
import { renderResult } from "./result.ts";
import type { Result } from "./result.ts";
import { Sender } from "./sender.ts";
import type { Send } from "./sender.ts";
import { createSuspects } from "./suspects.ts";
import type { Suspects } from "./suspects.ts";
import { Volume } from "./volume.ts";

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

export class Outbox {
  readonly #clock: Clock;
  readonly #queue = new Queue();
  readonly #sender: Sender;
  readonly #drops: DropNotice;
  readonly #remembered: Remembered;
  readonly #volume: Volume | undefined;
  #suspects = createSuspects();
  #limits: OutboxLimits;
  #nextNumber = 1;
  #dropped = 0;

  constructor({ folder, limits, clock, log }: OutboxOptions) {
    this.#limits = limits;
    this.#clock = clock;
    this.#drops = new DropNotice(log);
    this.#remembered = new Remembered(clock);
    this.#sender = new Sender({
      queue: this.#queue,
      load: (entry) => this.#load(entry),
      onTaken: (entry) => this.#take(entry),
      onLost: (entry) => {
        this.#dropped += 1;
        this.#take(entry);
      },
      log,
    });
    if (folder === undefined) return;
    const { maxBytes } = limits;
    this.#volume = new Volume({ folder, maxBytes, clock, log }, (opened) => this.#adopt(opened));
    this.#volume.open();
  }

  get suspects(): Suspects {
    return this.#suspects;
  }

  /** Whether the result of this input is here, or the hub took it a short while ago. */
  has(key: string): boolean {
    return this.#queue.has(key) || this.#remembered.has(key);
  }

  began(key: string): void {
    this.#suspects.began(key);
    this.#disk?.began(key);
  }

  /** Resolves when the input may be acknowledged. */
  async add(result: Result): Promise<void> {
    this.#suspects.answered(result.key);
    const number = this.#nextNumber;
    const place = this.#disk?.store(result, number);
    const entry: Waiting = {
      number: place === undefined ? 0 : number,
      key: result.key,
      at: this.#clock.monotonic(),
      bytes: place?.bytes ?? renderResult(result).length,
      place,
      ready: false,
      taken: false,
      connection: 0,
    };
    if (place !== undefined) this.#nextNumber += 1;
    this.#queue.add(entry, result);
    this.#dropOld();
    const safe = place !== undefined && (await this.#disk?.sync()) === true;
    const taken = safe ? undefined : this.#untilTaken(entry, result);
    entry.ready = true;
    this.#sender.pump();
    return taken;
  }

  /** From now on results go this way, oldest first. */
  attach(send: Send): void {
    this.#remembered.connected();
    this.#sender.attach(send);
  }

  /** The way is gone: what was not taken will be sent again. */
  detach(): void {
    this.#remembered.disconnected();
    this.#sender.detach();
  }

  setLimits(limits: OutboxLimits): void {
    this.#limits = limits;
    this.#dropOld();
  }

  state(): OutboxState {
    const { length, bytes, oldest } = this.#queue;
    const ageMs = oldest === undefined ? 0 : this.#clock.monotonic() - oldest.at;
    return {
      depth: length,
      bytes,
      oldestAgeSeconds: Math.max(0, ageMs / 1000),
      dropped: this.#dropped,
      durable: this.#disk?.works === true,
    };
  }

  /** The module ends in good order. */
  async close(): Promise<void> {
    this.detach();
    this.#drops.close();
    await this.#volume?.close();
  }

  get #disk(): OutboxDisk | undefined {
    return this.#volume?.disk;
  }

  /** Results of earlier runs go before those of this one that are not on their way yet. */
  #adopt({ left }: OpenedDisk): void {
    const { waiting, taken, lastNumber, suspects } = left;
    const running = this.#suspects.running();
    this.#suspects = suspects;
    suspects.started();
    for (const key of running) this.began(key);
    this.#nextNumber = lastNumber + 1;
    const since = this.#clock.monotonic() - REMEMBERED_MS;
    for (const { key, at } of taken) if (at >= since) this.#remembered.add(key);
    this.#queue.insert(
      waiting.map((stored) => ({ ...stored, ready: true, taken: false, connection: 0 })),
      (entry) => this.#sender.hasSent(entry),
    );
    this.#dropOld();
    this.#sender.pump();
  }

  #untilTaken(entry: Waiting, result: Result): Promise<void> {
    this.#queue.keepInMemory(entry, result);
    return new Promise((resolve) => {
      entry.onTaken = resolve;
    });
  }

  #load({ place, result }: Waiting): Result {
    if (result !== undefined) return result;
    if (this.#disk === undefined || place === undefined) throw new Error("it is not on the disk");
    return this.#disk.load(place);
  }

  #take(entry: Waiting): void {
    if (entry.taken) return;
    entry.taken = true;
    entry.onTaken?.();
    let last = 0;
    for (let { oldest } = this.#queue; oldest?.taken === true; { oldest } = this.#queue) {
      last = Math.max(last, oldest.number);
      this.#remove(oldest);
    }
    this.#freeUpTo(last);
    this.#sender.pump();
  }

  #remove({ key }: Waiting): void {
    this.#queue.removeOldest();
    this.#remembered.add(key);
  }

  #freeUpTo(last: number): void {
    if (last > 0) this.#disk?.free(last, this.#queue.oldestPlace);
  }

  /** Oldest first, until the limits hold. Those in memory stay: their inputs are not acknowledged. */
  #dropOld(): void {
    let last = 0;
    for (let { oldest } = this.#queue; oldest !== undefined; { oldest } = this.#queue) {
      const why = this.#excess(oldest);
      if (why === undefined) break;
      last = oldest.number;
      this.#remove(oldest);
      this.#dropped += 1;
      this.#drops.add(1, why);
    }
    this.#freeUpTo(last);
  }

  /** Why the oldest result must go. */
  #excess({ ready, place, at }: Waiting): string | undefined {
    const { maxBytes, maxAgeSeconds } = this.#limits;
    if (!ready || place === undefined) return undefined;
    const { bytes, length } = this.#queue;
    if (bytes > maxBytes && length > 1) return `over ${maxBytes} bytes wait`;
    const old = this.#clock.monotonic() - at > maxAgeSeconds * 1000;
    return old ? `older than ${maxAgeSeconds} s` : undefined;
  }
}
