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

export type InputQueue = {
  readonly add: (waiting: Waiting) => void;
  /** Sends what may be sent now. */
  readonly pump: () => void;
  readonly acknowledge: (messageId: number) => void;
  /** The connection is gone: what was on its way waits again, first of all. */
  readonly reset: () => void;
  readonly length: () => number;
  readonly close: () => void;
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

export function createInputQueue({ send, done, now }: InputQueueOptions): InputQueue {
  const queues = new Map<number, Waiting[]>();
  const inFlight = new Map<number, Sent>();
  const sentBefore = new WeakSet<Waiting>();
  let nextId = 0;

  const first = (): Waiting[] | undefined => {
    let best: number | undefined;
    for (const [priority, queue] of queues) {
      if (queue.length > 0 && (best === undefined || priority < best)) best = priority;
    }
    return best === undefined ? undefined : queues.get(best);
  };
  const put = (waiting: Waiting, front: boolean): void => {
    const queue = queues.get(waiting.priority) ?? [];
    queues.set(waiting.priority, queue);
    if (front) queue.unshift(waiting);
    else queue.push(waiting);
  };
  const freeId = (): number => {
    do nextId = (nextId % 65_535) + 1;
    while (inFlight.has(nextId));
    return nextId;
  };
  const pump = (): void => {
    while (inFlight.size < MAX_IN_FLIGHT) {
      const queue = first();
      const waiting = queue?.[0];
      if (queue === undefined || waiting === undefined) return;
      const { expiresAt } = waiting;
      if (expiresAt !== undefined && expiresAt <= now()) {
        queue.shift();
        done(waiting, true);
        continue;
      }
      const id = freeId();
      if (!send(waiting, id, sentBefore.has(waiting))) return;
      sentBefore.add(waiting);
      queue.shift();
      inFlight.set(id, { waiting, at: now() });
    }
  };
  const requeue = (sent: readonly Sent[]): void => {
    for (const { waiting } of sent.toSorted((a, b) => b.waiting.message.id - a.waiting.message.id)) {
      put(waiting, true);
    }
  };
  const sweep = setInterval(() => {
    const late = [...inFlight].filter(([, { at }]) => now() - at > ACK_TIMEOUT_MS);
    for (const [id] of late) inFlight.delete(id);
    requeue(late.map(([, sent]) => sent));
    pump();
  }, SWEEP_MS);
  sweep.unref();

  return {
    add: (waiting) => put(waiting, false),
    pump,
    acknowledge: (messageId) => {
      const sent = inFlight.get(messageId);
      if (sent === undefined) return;
      inFlight.delete(messageId);
      done(sent.waiting, false);
      pump();
    },
    reset: () => {
      const sent = [...inFlight.values()];
      inFlight.clear();
      requeue(sent);
    },
    length: () => [...queues.values()].reduce((sum, queue) => sum + queue.length, inFlight.size),
    close: () => clearInterval(sweep),
  };
}
