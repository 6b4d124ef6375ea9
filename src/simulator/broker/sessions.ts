/**
 * What the broker remembers of a client between connections: its subscriptions, on disk. Messages
 * wait in the hub's own queues, so everything else that a broker may keep is empty here.
 */

import { join } from "node:path";
import { Readable } from "node:stream";

import { z } from "zod";

import { storing } from "../hub/storage-fault.ts";
import { readState } from "../state-file.ts";
import { writeWhole } from "./whole-file.ts";

export type Subscription = { readonly topic: string; readonly qos: number };
type Client = { readonly id: string };

/** Each client's topics with their QoS. */
const SESSIONS = z.record(z.string(), z.record(z.string(), z.int().min(0).max(2)));

/** In the form that aedes asks for. @source moscajs/aedes-persistence: README.md */
export class Sessions {
  readonly #file: string;
  readonly #subscriptions: Map<string, Map<string, number>>;
  readonly #acknowledged: (client: string, messageId: number) => void;

  constructor(folder: string, acknowledged: (client: string, messageId: number) => void) {
    this.#file = join(folder, "sessions.json");
    this.#acknowledged = acknowledged;
    const stored = readState(this.#file, SESSIONS) ?? {};
    this.#subscriptions = new Map(
      Object.entries(stored).map(([id, topics]) => [id, new Map(Object.entries(topics))]),
    );
  }

  /** Forgets everything, as a hub without persistence does when it starts again. */
  forget(): void {
    this.#subscriptions.clear();
    this.#save();
  }

  async setup(): Promise<void> {}

  async addSubscriptions({ id }: Client, subscriptions: readonly Subscription[]): Promise<void> {
    const known = this.#subscriptions.get(id) ?? new Map<string, number>();
    this.#subscriptions.set(id, known);
    for (const { topic, qos } of subscriptions) known.set(topic, qos);
    this.#save();
  }

  async removeSubscriptions({ id }: Client, topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.#subscriptions.get(id)?.delete(topic);
    this.#save();
  }

  async subscriptionsByClient({ id }: Client): Promise<readonly Subscription[]> {
    const known = this.#subscriptions.get(id) ?? new Map<string, number>();
    return [...known].map(([topic, qos]) => ({ topic, qos }));
  }

  async cleanSubscriptions({ id }: Client): Promise<void> {
    if (this.#subscriptions.delete(id)) this.#save();
  }

  /** The broker calls it for every PUBACK. */
  async outgoingClearMessageId({ id }: Client, packet: { readonly messageId: number }) {
    this.#acknowledged(id, packet.messageId);
    return packet;
  }

  async subscriptionsByTopic(): Promise<readonly never[]> {
    return [];
  }

  async outgoingEnqueueCombi(): Promise<void> {}
  async outgoingUpdate(): Promise<void> {}
  async storeRetained(): Promise<void> {}
  async putWill(): Promise<void> {}
  async delWill(): Promise<void> {}
  async incomingStorePacket(): Promise<void> {}
  async incomingDelPacket(): Promise<void> {}
  async cleanIncoming(): Promise<void> {}

  /** Rejects: no packet of QoS 2 is known, so each is a new one. */
  async incomingGetPacket(): Promise<never> {
    throw new Error("no such packet");
  }

  outgoingStream(): Readable {
    return Readable.from([]);
  }

  createRetainedStreamCombi(): Readable {
    return Readable.from([]);
  }

  streamWill(): Readable {
    return Readable.from([]);
  }

  #save(): void {
    const all = [...this.#subscriptions].map(([id, topics]) => [id, Object.fromEntries(topics)]);
    const text = JSON.stringify(Object.fromEntries(all));
    storing("the subscriptions", () => writeWhole(this.#file, text));
  }
}
