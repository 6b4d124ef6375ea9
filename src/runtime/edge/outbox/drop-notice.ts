/** Results that go unsent are said in the log: at once, then once a minute with their number. */

import type { Log } from "../../../core/ports.ts";

const EVERY_MS = 60_000;

export class DropNotice {
  readonly #log: Log;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** @param why e.g. `older than 60 s` */
  add(count: number, why: string): void {
    this.#count += count;
    if (this.#timer === undefined) this.#say(why);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #say(why: string): void {
    this.#timer = undefined;
    if (this.#count === 0) return;
    this.#log.error(`results are dropped from the outbox (${this.#count}): ${why}`);
    this.#count = 0;
    this.#timer = setTimeout(() => this.#say(why), EVERY_MS).unref();
  }
}
