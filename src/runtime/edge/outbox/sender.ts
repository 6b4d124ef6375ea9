/** Waiting results on their way to the hub: in order, so many at a time, again on each connection. */

import type { Log } from "../../../core/ports.ts";
import { Unsendable } from "../hub/message-size.ts";
import type { Queue, Waiting } from "./queue.ts";
import type { Result } from "./result.ts";

export type Send = (result: Result) => Promise<void>;

export type SenderOptions = {
  readonly queue: Queue;
  /** @throws Error where it cannot be read */
  readonly load: (entry: Waiting) => Result;
  /** The hub has it. */
  readonly onTaken: (entry: Waiting) => void;
  /** It can never be sent, and must not stand before all the others. */
  readonly onLost: (entry: Waiting) => void;
  readonly log: Log;
};

/** Sent, and not yet taken by the hub. */
const WINDOW = 64;

export class Sender {
  readonly #options: SenderOptions;
  #send: Send | undefined;
  #connection = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  attach(send: Send): void {
    this.#send = send;
    this.#connection += 1;
    this.pump();
  }

  /** What was not taken will be sent again. */
  detach(): void {
    this.#send = undefined;
  }

  /** Whether it is on its way now, or there already. */
  hasSent({ taken, connection }: Waiting): boolean {
    return taken || (this.#send !== undefined && connection === this.#connection);
  }

  pump(): void {
    if (this.#send === undefined) return;
    for (const entry of this.#options.queue.first(WINDOW)) {
      if (!entry.ready) return;
      if (this.hasSent(entry)) continue;
      entry.connection = this.#connection;
      void this.#sendOne(entry, this.#send);
    }
  }

  async #sendOne(entry: Waiting, send: Send): Promise<void> {
    const { log, onTaken, onLost } = this.#options;
    const result = this.#load(entry);
    if (result === undefined) return onLost(entry);
    try {
      await send(result);
    } catch (error) {
      // The connection's end brings all others back; it is noticed where it is watched.
      if (!(error instanceof Unsendable)) return;
      log.error(`a result that no hub takes is left out: ${error.message}`);
      return onLost(entry);
    }
    onTaken(entry);
  }

  #load(entry: Waiting): Result | undefined {
    const { load, log } = this.#options;
    try {
      return load(entry);
    } catch (error) {
      const { message } = error as Error;
      log.error(`result ${entry.number} of the outbox is left out, it cannot be read: ${message}`);
      return undefined;
    }
  }
}
