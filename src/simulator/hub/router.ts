/** The way of a message through the hub: routes, then a queue for each module, or the cloud. */

import type { Log } from "../../core/ports.ts";
import type { PropertyBag } from "../../core/property-bag.ts";
import { renderPropertyBag } from "../../core/property-bag.ts";
import type { PublishPacket } from "../broker/publish-packet.ts";
import { inputTopics } from "../broker/topics.ts";
import { endpointName, UPSTREAM } from "../routes/route.ts";
import type { RouteTable } from "../routes/route-table.ts";
import { InputQueue } from "./input-queue.ts";
import { subjectOf } from "./message.ts";
import { MessageRefused, topicFault } from "./message-limits.ts";
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
  /** How long a message waits where its route does not say; negative: for ever. */
  readonly timeToLiveSecs: number;
  readonly counters: Counters;
  readonly log: Log;
};

export type Counters = {
  received: number;
  delivered: number;
  expired: number;
  unrouted: number;
  /** Too large for the topic of an input. */
  refused: number;
};

export class Router {
  readonly #options: RouterOptions;
  readonly #queues = new Map<string, InputQueue>();

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  /** By the routes. */
  route(table: RouteTable, message: HubMessage): void {
    const { counters } = this.#options;
    counters.received += 1;
    const found = table.targetsOf(message.source, subjectOf(message));
    if (found.length === 0) {
      counters.unrouted += 1;
      return;
    }
    const targets = found.map(({ endpoint, priority, timeToLiveSecs }) =>
      this.#target(endpointName(endpoint), priority, timeToLiveSecs),
    );
    this.#take({ message, targets });
  }

  /** Straight to an input, whatever the routes say. @throws MessageRefused */
  deliver(message: HubMessage, module: string, input: string): void {
    const fault = topicFault(this.#topic(message, module, input));
    if (fault !== undefined) throw new MessageRefused(fault);
    this.#options.counters.received += 1;
    this.#take({ message, targets: [this.#target(`${module}/${input}`, 0, undefined)] });
  }

  /** What an earlier run left. */
  restore({ message, targets }: Stored): void {
    for (const target of targets) this.#enqueue(message, target);
  }

  pump(module: string): void {
    this.#queues.get(module)?.pump();
  }

  acknowledge(module: string, messageId: number): void {
    this.#queues.get(module)?.acknowledge(messageId);
  }

  reset(module: string): void {
    this.#queues.get(module)?.reset();
  }

  queueLength(module: string): number {
    return this.#queues.get(module)?.length ?? 0;
  }

  close(): void {
    for (const queue of this.#queues.values()) queue.close();
  }

  #target(endpoint: string, priority: number, ttlSecs: number | undefined): StoredTarget {
    const ttl = ttlSecs ?? this.#options.timeToLiveSecs;
    return {
      endpoint,
      priority,
      ...(ttl >= 0 && { expiresAt: this.#options.now() + ttl * 1000 }),
    };
  }

  #take(stored: Stored): void {
    this.#options.store.add(stored);
    for (const target of stored.targets) this.#enqueue(stored.message, target);
  }

  #enqueue(message: HubMessage, { endpoint, priority, expiresAt }: StoredTarget): void {
    const { counters, upstream, store, log } = this.#options;
    if (endpoint === UPSTREAM) {
      counters.delivered += 1;
      upstream.add(message);
      store.done(message.id, UPSTREAM);
      return;
    }
    const cut = endpoint.indexOf("/");
    const input = endpoint.slice(cut + 1);
    const module = endpoint.slice(0, cut);
    const fault = topicFault(this.#topic(message, module, input));
    if (fault !== undefined) {
      counters.refused += 1;
      log.error(`a message does not go to ${endpoint}: ${fault}`);
      store.done(message.id, endpoint);
      return;
    }
    const queue = this.#queue(module);
    queue.add({ message, input, priority, ...(expiresAt !== undefined && { expiresAt }) });
    queue.pump();
  }

  #topic(message: HubMessage, module: string, input: string): string {
    const root = rootOf(this.#options.device, module);
    return `${root}inputs/${input}/${renderPropertyBag(deliveredBag(message))}`;
  }

  #queue(module: string): InputQueue {
    const known = this.#queues.get(module);
    if (known !== undefined) return known;
    const { device, isSubscribed, send, now, counters, store } = this.#options;
    const queue = new InputQueue({
      now,
      send: ({ message, input }, messageId, again) => {
        if (!isSubscribed(module, inputTopics(rootOf(device, module)))) return false;
        const topic = this.#topic(message, module, input);
        return send(module, { topic, payload: message.body, messageId, again });
      },
      done: ({ message, input }, expired) => {
        if (expired) counters.expired += 1;
        else counters.delivered += 1;
        store.done(message.id, `${module}/${input}`);
      },
    });
    this.#queues.set(module, queue);
    return queue;
  }
}

function rootOf(device: string, module: string): string {
  return `devices/${device}/modules/${module}/`;
}

/** With where it came from; the sender's output stays behind. */
function deliveredBag({ bag, device, module }: HubMessage): PropertyBag {
  return {
    system: { ...bag.system, cdid: device, ...(module !== undefined && { cmid: module }) },
    properties: bag.properties,
  };
}
