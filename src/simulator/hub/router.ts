/** The way of a message through the hub: routes, then a queue for each module, or the cloud. */

import type { PropertyBag } from "../../core/property-bag.ts";
import { renderPropertyBag } from "../../core/property-bag.ts";
import type { PublishPacket } from "../broker/publish-packet.ts";
import { inputTopics } from "../broker/topics.ts";
import { endpointName, UPSTREAM } from "../routes/route.ts";
import type { RouteTable } from "../routes/route-table.ts";
import { createInputQueue } from "./input-queue.ts";
import type { InputQueue, Waiting } from "./input-queue.ts";
import { subjectOf } from "./message.ts";
import type { HubMessage } from "./message.ts";
import type { MessageStore, Stored, StoredTarget } from "./message-store.ts";
import type { Upstream } from "./upstream.ts";

export type RouterOptions = {
  readonly device: string;
  readonly store: MessageStore;
  readonly upstream: Upstream;
  readonly send: (module: string, packet: PublishPacket) => boolean;
  readonly isSubscribed: (module: string, topic: string) => boolean;
  readonly now: () => number;
  readonly defaultTtlSecs: () => number;
  readonly counters: Counters;
};

export type Counters = { received: number; delivered: number; expired: number; unrouted: number };

export type Router = {
  /** By the routes. */
  readonly route: (table: RouteTable, message: HubMessage) => void;
  /** Straight to an input, whatever the routes say. */
  readonly deliver: (message: HubMessage, module: string, input: string) => void;
  /** What an earlier run left. */
  readonly restore: (stored: Stored) => void;
  readonly pump: (module: string) => void;
  readonly acknowledge: (module: string, messageId: number) => void;
  readonly reset: (module: string) => void;
  readonly queueLength: (module: string) => number;
  readonly close: () => void;
};

export function createRouter(options: RouterOptions): Router {
  const { device, store, upstream, send, isSubscribed, now, counters } = options;
  const queues = new Map<string, InputQueue>();
  const queueOf = (module: string): InputQueue => {
    const known = queues.get(module);
    if (known !== undefined) return known;
    const root = `devices/${device}/modules/${module}/`;
    const queue = createInputQueue({
      now,
      send: (waiting, messageId, again) => {
        if (!isSubscribed(module, inputTopics(root))) return false;
        const bag = renderPropertyBag(deliveredBag(waiting.message));
        const topic = `${root}inputs/${waiting.input}/${bag}`;
        return send(module, { topic, payload: waiting.message.body, messageId, again });
      },
      done: (waiting, expired) => {
        if (expired) counters.expired += 1;
        else counters.delivered += 1;
        store.done(waiting.message.id, `${module}/${waiting.input}`);
      },
    });
    queues.set(module, queue);
    return queue;
  };
  const enqueue = (message: HubMessage, { endpoint, priority, expiresAt }: StoredTarget): void => {
    if (endpoint === UPSTREAM) {
      counters.delivered += 1;
      upstream.add(message);
      store.done(message.id, UPSTREAM);
      return;
    }
    const cut = endpoint.indexOf("/");
    const [module, input] = [endpoint.slice(0, cut), endpoint.slice(cut + 1)];
    const waiting: Waiting = { message, input, priority, ...(expiresAt !== undefined && { expiresAt }) };
    const queue = queueOf(module);
    queue.add(waiting);
    queue.pump();
  };
  const take = (stored: Stored): void => {
    store.add(stored);
    for (const target of stored.targets) enqueue(stored.message, target);
  };
  const expiry = (secs: number | undefined): { readonly expiresAt?: number } => {
    const ttl = secs ?? options.defaultTtlSecs();
    return ttl < 0 ? {} : { expiresAt: now() + ttl * 1000 };
  };
  return {
    route: (table, message) => {
      counters.received += 1;
      const targets = table.targetsOf(message.source, subjectOf(message));
      if (targets.length === 0) counters.unrouted += 1;
      else {
        take({
          message,
          targets: targets.map(({ endpoint, priority, timeToLiveSecs }) => ({
            endpoint: endpointName(endpoint),
            priority,
            ...expiry(timeToLiveSecs),
          })),
        });
      }
    },
    deliver: (message, module, input) => {
      counters.received += 1;
      take({ message, targets: [{ endpoint: `${module}/${input}`, priority: 0, ...expiry(undefined) }] });
    },
    restore: ({ message, targets }) => {
      for (const target of targets) enqueue(message, target);
    },
    pump: (module) => queues.get(module)?.pump(),
    acknowledge: (module, messageId) => queues.get(module)?.acknowledge(messageId),
    reset: (module) => queues.get(module)?.reset(),
    queueLength: (module) => queues.get(module)?.length() ?? 0,
    close: () => {
      for (const queue of queues.values()) queue.close();
    },
  };
}

/** With where it came from; the sender's output stays behind. */
function deliveredBag({ bag, device, module }: HubMessage): PropertyBag {
  return {
    system: { ...bag.system, cdid: device, ...(module !== undefined && { cmid: module }) },
    properties: bag.properties,
  };
}
