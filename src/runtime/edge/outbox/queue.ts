/**
 * Results that wait, oldest first. Bodies of those on the disk are kept beside it while there is room
 * for them, so that the way to the hub does not lead over the disk.
 */

import type { JournalPlace } from "../../../journal/journal.ts";
import type { Result } from "./result.ts";

export type Waiting = {
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
  /** With the hub, or given up. */
  taken: boolean;
  /** The connection on which it was sent last; 0: none. */
  connection: number;
  onTaken?: () => void;
};

const CACHE_BYTES = 4 * 1024 * 1024;

export class Queue {
  #entries: Waiting[] = [];
  readonly #keys = new Set<string>();
  #bytes = 0;
  #cachedBytes = 0;

  get length(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): Waiting | undefined {
    return this.#entries[0];
  }

  /** Where the oldest lies of those on the disk. */
  get oldestPlace(): JournalPlace | undefined {
    return this.#entries.find(({ place }) => place !== undefined)?.place;
  }

  first(count: number): readonly Waiting[] {
    return this.#entries.slice(0, count);
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** @param result kept where it is on the disk and there is room */
  add(entry: Waiting, result: Result): void {
    this.#count(entry);
    this.#entries.push(entry);
    if (entry.place === undefined || this.#cachedBytes + entry.bytes > CACHE_BYTES) return;
    entry.result = result;
    this.#cachedBytes += entry.bytes;
  }

  /** Before the first that this does not hold for. */
  insert(entries: readonly Waiting[], behind: (entry: Waiting) => boolean): void {
    const at = this.#entries.findIndex((entry) => !behind(entry));
    const cut = at === -1 ? this.#entries.length : at;
    for (const entry of entries) this.#count(entry);
    this.#entries = [...this.#entries.slice(0, cut), ...entries, ...this.#entries.slice(cut)];
  }

  /** What may lie on the disk of it is not sure to. */
  keepInMemory(entry: Waiting, result: Result): void {
    this.#uncache(entry);
    entry.place = undefined;
    entry.result = result;
  }

  removeOldest(): void {
    const entry = this.#entries.shift();
    if (entry === undefined) return;
    this.#bytes -= entry.bytes;
    this.#uncache(entry);
    this.#keys.delete(entry.key);
  }

  #count({ key, bytes }: Waiting): void {
    this.#keys.add(key);
    this.#bytes += bytes;
  }

  #uncache({ place, result, bytes }: Waiting): void {
    if (place !== undefined && result !== undefined) this.#cachedBytes -= bytes;
  }
}
