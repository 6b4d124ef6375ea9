/**
 * The messages that wait for one module: urgent ones first, those of one priority in order, at most
 * 16 on their way at a time, each again until it is acknowledged, none after its time to live.
 *
 * @source Azure/iotedge: edge-hub/core/…/storage/MessageStore.cs, appsettings_hub.json (MessageAckTimeoutSecs)
 */

import type { HubMessage } from "./message.ts";

export type Waiting = {
  readonly message: HubMessage;
  readonly input: string;
  readonly priority: number;
  /** Milliseconds since the epoch; undefined: never. */
  readonly expiresAt?: number;
};

export type InputQueueOptions = {
  /** False where the module cannot take one now. `again`: it was sent before. */
  readonly send: (waiting: Waiting, messageId: number, again: boolean) => boolean;
  /** It is delivered, or its time is over: it can be forgotten. */
  readonly done: (waiting: Waiting, expired: boolean) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
};

const MAX_IN_FLIGHT = 16;
const ACK_TIMEOUT_MS = 30_000;
const SWEEP_MS = 1_000;

type Sent = { readonly waiting: Waiting; readonly at: number };

export class InputQueue {
  readonly #options: InputQueueOptions;
  readonly #queues = new Map<number, Waiting[]>();
  readonly #inFlight = new Map<number, Sent>();
  readonly #sentBefore = new WeakSet<Waiting>();
  readonly #sweeper: NodeJS.Timeout;
  #lastId = 0;

  constructor(options: InputQueueOptions) {
    this.#options = options;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweeper.unref();
  }

  add(waiting: Waiting): void {
    this.#queue(waiting.priority).push(waiting);
  }

  /** Sends what may be sent now. */
  pump(): void {
    const { send, done, now } = this.#options;
    while (this.#inFlight.size < MAX_IN_FLIGHT) {
      const queue = this.#mostUrgent();
      const waiting = queue?.[0];
      if (queue === undefined || waiting === undefined) return;
      const { expiresAt } = waiting;
      if (expiresAt !== undefined && expiresAt <= now()) {
        queue.shift();
        done(waiting, true);
        continue;
      }
      const id = this.#freeId();
      if (!send(waiting, id, this.#sentBefore.has(waiting))) return;
      this.#sentBefore.add(waiting);
      queue.shift();
      this.#inFlight.set(id, { waiting, at: now() });
    }
  }

  acknowledge(messageId: number): void {
    const sent = this.#inFlight.get(messageId);
    if (sent === undefined) return;
    this.#inFlight.delete(messageId);
    this.#options.done(sent.waiting, false);
    this.pump();
  }

  /** The connection is gone: what was on its way waits again, first of all. */
  reset(): void {
    const sent = [...this.#inFlight.values()];
    this.#inFlight.clear();
    this.#putBack(sent);
  }

  get length(): number {
    return [...this.#queues.values()].reduce(
      (sum, { length }) => sum + length,
      this.#inFlight.size,
    );
  }

  close(): void {
    clearInterval(this.#sweeper);
  }

  #queue(priority: number): Waiting[] {
    const known = this.#queues.get(priority);
    if (known !== undefined) return known;
    const queue: Waiting[] = [];
    this.#queues.set(priority, queue);
    return queue;
  }

  #mostUrgent(): Waiting[] | undefined {
    let best: number | undefined;
    for (const [priority, { length }] of this.#queues) {
      if (length > 0 && (best === undefined || priority < best)) best = priority;
    }
    return best === undefined ? undefined : this.#queues.get(best);
  }

  #putBack(sent: readonly Sent[]): void {
    const newestFirst = sent.toSorted((a, b) => b.waiting.message.id - a.waiting.message.id);
    for (const { waiting } of newestFirst) this.#queue(waiting.priority).unshift(waiting);
  }

  #sweep(): void {
    const { now } = this.#options;
    const late = [...this.#inFlight].filter(([, { at }]) => now() - at > ACK_TIMEOUT_MS);
    for (const [id] of late) this.#inFlight.delete(id);
    this.#putBack(late.map(([, sent]) => sent));
    this.pump();
  }

  #freeId(): number {
    do this.#lastId = (this.#lastId % 65_535) + 1;
    while (this.#inFlight.has(this.#lastId));
    return this.#lastId;
  }
}
