/**
 * The hub of the simulated device: what edgeHub is to real modules. It knows nothing of what a
 * module does; it takes messages, routes them, keeps them until they are acknowledged, and carries
 * twins and method calls.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import type { Clock, Log } from "../../core/ports.ts";
import { renderPropertyBag } from "../../core/property-bag.ts";
import type { PropertyBag } from "../../core/property-bag.ts";
import type { Read } from "../../core/problem.ts";
import { openBroker } from "../broker/broker.ts";
import type { Broker } from "../broker/broker.ts";
import type { Certificates } from "../broker/certificates.ts";
import type { Identities } from "../broker/identities.ts";
import { METHOD_CALLS } from "../broker/topics.ts";
import type { Action } from "../broker/topics.ts";
import { readRoutes } from "../routes/route-table.ts";
import type { RouteSpec } from "../routes/route-spec.ts";
import type { RouteTable } from "../routes/route-table.ts";
import type { JsonObject } from "./merge-patch.ts";
import { MessageRefused, sizeFault } from "./message-limits.ts";
import { moduleSource } from "./message.ts";
import type { HubMessage } from "./message.ts";
import { openMessageStore } from "./message-store.ts";
import type { MessageStore } from "./message-store.ts";
import { createMethods } from "./methods.ts";
import type { MethodAnswer, MethodCall, Methods } from "./methods.ts";
import { Router } from "./router.ts";
import type { Counters } from "./router.ts";
import { createTwinAnswers } from "./twin-answers.ts";
import type { TwinAnswers } from "./twin-answers.ts";
import { openTwins } from "./twins.ts";
import type { Patched, Twin, Twins } from "./twins.ts";
import type { Upstream } from "./upstream.ts";

export type HubOptions = {
  readonly hub: string;
  readonly device: string;
  readonly host: string;
  readonly port: number;
  /** Nobody is let in until `restore`. */
  readonly isCut: boolean;
  /** Where queues, sessions and twins are kept. */
  readonly folder: string;
  readonly certificates: Certificates;
  readonly identities: Identities;
  readonly upstream: Upstream;
  readonly routes: Readonly<Record<string, RouteSpec>>;
  /** How long a message waits where its route does not say; negative: for ever. */
  readonly timeToLiveSecs: number;
  readonly clock: Clock;
  readonly log: Log;
};

export type OutsideMessage = { readonly bag: PropertyBag; readonly body: Uint8Array };

/** @throws UserError SIM_PORT, with nothing left open */
export async function openHub(options: HubOptions): Promise<Hub> {
  mkdirSync(options.folder, { recursive: true });
  const hub = new Hub(options);
  try {
    await hub.open();
  } catch (error) {
    await hub.close();
    throw error;
  }
  return hub;
}

export class Hub {
  readonly #options: HubOptions;
  readonly #counters: Counters = { received: 0, delivered: 0, expired: 0, unrouted: 0, refused: 0 };
  readonly #store: MessageStore;
  readonly #router: Router;
  readonly #twins: Twins;
  readonly #answers: TwinAnswers;
  readonly #methods: Methods;
  #broker: Broker | undefined;
  #table: RouteTable = { targetsOf: () => [] };
  #lastId: number;
  #closed: Promise<void> | undefined;
  #isCut: boolean;

  constructor(options: HubOptions) {
    const { folder, log, clock } = options;
    this.#options = options;
    this.#isCut = options.isCut;
    const opened = openMessageStore(join(folder, "messages"), (message) => log.warn(message));
    this.#store = opened.store;
    this.#lastId = opened.found.reduce((last, { message }) => Math.max(last, message.id), 0);
    const send: Broker["send"] = (module, packet) => this.#broker?.send(module, packet) ?? false;
    const isSubscribed: Broker["isSubscribed"] = (module, topic) =>
      this.#broker?.isSubscribed(module, topic) ?? false;
    this.#router = new Router({
      ...options,
      store: this.#store,
      send,
      isSubscribed,
      now: clock.now,
      counters: this.#counters,
    });
    this.#methods = createMethods({
      isListening: (module) => isSubscribed(module, METHOD_CALLS),
      send,
    });
    this.#twins = openTwins(join(folder, "twins"));
    this.#answers = createTwinAnswers({
      twins: this.#twins,
      send,
      isSubscribed,
      reported: (module, patch) => this.#twinChanged(module, patch),
      failed: log.error,
    });
    this.setRoutes(options.routes);
    for (const stored of opened.found) this.#router.restore(stored);
  }

  async open(): Promise<void> {
    const { log } = this.#options;
    this.#broker = await openBroker({
      ...this.#options,
      connected: (module) => {
        log.info(`${module} is connected`);
        this.#router.pump(module);
      },
      disconnected: (module) => {
        log.info(`${module} is gone`);
        this.#router.reset(module);
      },
      subscribed: (module) => {
        this.#router.pump(module);
        this.#methods.subscribed();
      },
      callMethod: (call) => this.callMethod(call),
      acknowledged: (module, messageId) => this.#router.acknowledge(module, messageId),
      published: (module, action, payload) => this.#published(module, action, payload),
    });
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  get port(): number {
    return this.#broker?.port ?? 0;
  }

  /** Straight to a module's input. @throws MessageRefused, StorageFault */
  sendToInput(module: string, input: string, message: OutsideMessage): void {
    checkSize(message);
    this.#router.deliver(this.#message("/messages/", message), module, input);
  }

  /** As the device itself: routes decide. @throws MessageRefused, StorageFault */
  sendFromDevice(message: OutsideMessage): void {
    checkSize(message);
    this.#router.route(this.#table, this.#message("/messages/", message));
  }

  /** One wrong route refuses the set, and the old one stays. */
  setRoutes(routes: Readonly<Record<string, RouteSpec>>): Read<RouteTable> {
    const read = readRoutes(routes);
    if (read.ok) this.#table = read.value;
    return read;
  }

  twinOf(module: string): Twin {
    return this.#twins.of(module);
  }

  patchDesired(module: string, patch: JsonObject): Patched {
    return this.#answers.patchDesired(module, patch);
  }

  callMethod(call: MethodCall): Promise<MethodAnswer> {
    return this.#methods.call(call);
  }

  connectedModules(): readonly string[] {
    return this.#broker?.connectedModules() ?? [];
  }

  queueLength(module: string): number {
    return this.#router.queueLength(module);
  }

  counters(): Readonly<Counters> {
    return { ...this.#counters };
  }

  /** Ends every connection and lets nobody in until `restore`. */
  cut(): void {
    this.#isCut = true;
    this.#broker?.cut();
  }

  restore(): void {
    this.#isCut = false;
    this.#broker?.restore();
  }

  /** A second time nothing is left to close. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#methods.close();
    await this.#broker?.close();
    this.#router.close();
    this.#store.close();
  }

  #published(module: string, action: Action, payload: Uint8Array): void {
    switch (action.kind) {
      case "message": {
        const { on: output, ...system } = action.bag.system;
        const bag = { system, properties: action.bag.properties };
        const source = moduleSource(module, output);
        this.#router.route(this.#table, this.#message(source, { bag, body: payload }, module));
        break;
      }
      case "get twin":
        this.#answers.get(module, action.rid);
        break;
      case "report":
        this.#answers.report(module, action.rid, payload);
        break;
      case "method answer":
        this.#methods.answered(action.rid, action.status, payload);
        break;
      case "refused":
        break;
    }
  }

  /** Each report is a message too. */
  #twinChanged(module: string, patch: JsonObject): void {
    const bag = { system: { ct: "application/json", ce: "utf-8" }, properties: {} };
    const body = Buffer.from(JSON.stringify({ properties: { reported: patch } }));
    const message = this.#message("/twinChangeNotifications/", { bag, body }, module);
    try {
      this.#router.route(this.#table, message);
    } catch (error) {
      // The report itself is taken: it must not be refused for its echo.
      this.#options.log.error(`a change of a twin is not told: ${(error as Error).message}`);
    }
  }

  #message(source: string, { bag, body }: OutsideMessage, module?: string): HubMessage {
    const { device, clock } = this.#options;
    this.#lastId += 1;
    return {
      id: this.#lastId,
      source,
      device,
      ...(module !== undefined && { module }),
      bag,
      body,
      enqueuedAt: clock.now(),
    };
  }
}

function checkSize({ bag, body }: OutsideMessage): void {
  const fault = sizeFault(renderPropertyBag(bag), body);
  if (fault !== undefined) throw new MessageRefused(fault);
}
