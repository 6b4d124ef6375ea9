/**
 * Inputs whose results the hub has, for a while: it sends an input again when it got no word of it
 * in time, or when the connection ended before the word came. Later, equal id and body are another
 * message, of a sender who uses its ids again.
 */

import type { Clock } from "../../../core/ports.ts";

const MOST = 4096;
/** Of connection: while there is none, nothing can come again. The hub waits 30 s for a word. */
export const REMEMBERED_MS = 120_000;

export class Remembered {
  readonly #clock: Clock;
  /** When it was taken, in milliseconds of connection; oldest first. */
  readonly #keys = new Map<string, number>();
  #connectedMs = 0;
  #since: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  connected(): void {
    this.disconnected();
    this.#since = this.#clock.monotonic();
  }

  disconnected(): void {
    this.#connectedMs = this.#now();
    this.#since = undefined;
  }

  add(key: string): void {
    this.#keys.delete(key);
    this.#keys.set(key, this.#now());
    for (const old of this.#keys.keys()) {
      if (this.#keys.size <= MOST && this.has(old)) return;
      this.#keys.delete(old);
    }
  }

  has(key: string): boolean {
    const at = this.#keys.get(key);
    return at !== undefined && this.#now() - at <= REMEMBERED_MS;
  }

  #now(): number {
    if (this.#since === undefined) return this.#connectedMs;
    return this.#connectedMs + this.#clock.monotonic() - this.#since;
  }
}
