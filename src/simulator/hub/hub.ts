/**
 * The hub of the simulated device: what edgeHub is to real modules. It knows nothing of what a
 * module does; it takes messages, routes them, keeps them until they are acknowledged, and carries
 * twins and method calls.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import type { Clock, Log } from "../../core/ports.ts";
import type { PropertyBag } from "../../core/property-bag.ts";
import type { Read } from "../../core/problem.ts";
import { openBroker } from "../broker/broker.ts";
import type { Broker } from "../broker/broker.ts";
import type { Certificates } from "../broker/certificates.ts";
import type { Identities } from "../broker/identities.ts";
import { METHOD_CALLS } from "../broker/topics.ts";
import type { Action } from "../broker/topics.ts";
import { readRoutes } from "../routes/route-table.ts";
import type { RouteSpec, RouteTable } from "../routes/route-table.ts";
import type { JsonObject } from "./merge-patch.ts";
import { moduleSource } from "./message.ts";
import type { HubMessage } from "./message.ts";
import { openMessageStore } from "./message-store.ts";
import { createMethods } from "./methods.ts";
import type { MethodAnswer, MethodCall } from "./methods.ts";
import { createRouter } from "./router.ts";
import type { Counters } from "./router.ts";
import { createTwinAnswers } from "./twin-answers.ts";
import { openTwins } from "./twins.ts";
import type { Patched, Twin } from "./twins.ts";
import type { Upstream } from "./upstream.ts";

export type HubOptions = {
  readonly hub: string;
  readonly device: string;
  readonly host: string;
  readonly port: number;
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

export type Hub = {
  readonly port: number;
  /** Straight to a module's input. */
  readonly sendToInput: (module: string, input: string, message: OutsideMessage) => void;
  /** As the device itself: routes decide. */
  readonly sendFromDevice: (message: OutsideMessage) => void;
  /** One wrong route refuses the set, and the old one stays. */
  readonly setRoutes: (routes: Readonly<Record<string, RouteSpec>>) => Read<RouteTable>;
  readonly twinOf: (module: string) => Twin;
  readonly patchDesired: (module: string, patch: JsonObject) => Patched;
  readonly callMethod: (call: MethodCall) => Promise<MethodAnswer>;
  readonly connectedModules: () => readonly string[];
  readonly queueLength: (module: string) => number;
  readonly counters: () => Readonly<Counters>;
  readonly cut: () => void;
  readonly restore: () => void;
  readonly close: () => Promise<void>;
};

/** @throws Error where the port is taken; UserError is the caller's: routes are checked before */
export async function openHub(options: HubOptions): Promise<Hub> {
  const { device, folder, clock, log, upstream } = options;
  mkdirSync(folder, { recursive: true });
  const counters: Counters = { received: 0, delivered: 0, expired: 0, unrouted: 0 };
  const opened = openMessageStore(join(folder, "messages"), (message) => log.warn(message));
  let lastId = opened.found.reduce((last, { message }) => Math.max(last, message.id), 0);
  let table: RouteTable = { targetsOf: () => [] };
  let broker: Broker | undefined;
  const send: Broker["send"] = (module, packet) => broker?.send(module, packet) ?? false;
  const isSubscribed: Broker["isSubscribed"] = (module, topic) =>
    broker?.isSubscribed(module, topic) ?? false;

  const router = createRouter({
    device,
    store: opened.store,
    upstream,
    send,
    isSubscribed,
    now: clock.now,
    defaultTtlSecs: () => options.timeToLiveSecs,
    counters,
  });
  const newMessage = (source: string, message: OutsideMessage, module?: string): HubMessage => {
    lastId += 1;
    const sender = module === undefined ? {} : { module };
    return { id: lastId, source, device, ...sender, ...message, enqueuedAt: clock.now() };
  };
  const methods = createMethods({
    isListening: (module) => isSubscribed(module, METHOD_CALLS),
    send,
  });
  const twins = openTwins(join(folder, "twins"));
  const answers = createTwinAnswers({
    twins,
    send,
    isSubscribed,
    reported: (module, patch) => {
      const bag = { system: { ct: "application/json", ce: "utf-8" }, properties: {} };
      const body = Buffer.from(JSON.stringify({ properties: { reported: patch } }));
      router.route(table, newMessage("/twinChangeNotifications/", { bag, body }, module));
    },
  });
  const published = (module: string, action: Action, payload: Uint8Array): boolean => {
    switch (action.kind) {
      case "message": {
        const { on: output, ...system } = action.bag.system;
        const bag = { system, properties: action.bag.properties };
        router.route(table, newMessage(moduleSource(module, output), { bag, body: payload }, module));
        return true;
      }
      case "get twin":
        answers.get(module, action.rid);
        return true;
      case "report":
        answers.report(module, action.rid, payload);
        return true;
      case "method answer":
        methods.answered(action.rid, action.status, payload);
        return true;
      default:
        return false;
    }
  };
  const setRoutes: Hub["setRoutes"] = (routes) => {
    const read = readRoutes(routes);
    if (read.ok) table = read.value;
    return read;
  };
  setRoutes(options.routes);
  for (const stored of opened.found) router.restore(stored);
  const door = await openBroker({
    ...options,
    connected: (module) => {
      log.info(`${module} is connected`);
      router.pump(module);
    },
    disconnected: (module) => {
      log.info(`${module} is gone`);
      router.reset(module);
    },
    subscribed: (module) => {
      router.pump(module);
      methods.subscribed();
    },
    acknowledged: router.acknowledge,
    published,
  });
  broker = door;
  return {
    port: door.port,
    sendToInput: (module, input, message) =>
      router.deliver(newMessage("/messages/", message), module, input),
    sendFromDevice: (message) => router.route(table, newMessage("/messages/", message)),
    setRoutes,
    twinOf: twins.of,
    patchDesired: answers.patchDesired,
    callMethod: methods.call,
    connectedModules: door.connectedModules,
    queueLength: router.queueLength,
    counters: () => ({ ...counters }),
    cut: door.cut,
    restore: door.restore,
    close: async () => {
      await door.close();
      router.close();
      opened.store.close();
    },
  };
}
