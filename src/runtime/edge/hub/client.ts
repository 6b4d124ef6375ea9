/**
 * The one door to the device SDK. It gives back what the SDK takes away: an input is acknowledged
 * when we say so, a lost connection ends the client instead of being mended in parts, and no call
 * hangs for ever.
 *
 * The SDK acknowledges an input before its handler runs, so the MQTT client underneath is taken over
 * for inputs: they never reach the SDK, whose parser ends the process on a malformed property bag.
 *
 * @source Azure/azure-iot-sdk-node: device/transport/mqtt/src/mqtt.ts, common/transport/mqtt/src/mqtt_base.ts
 */

import { once } from "node:events";

import device from "azure-iot-device";
import type { DeviceMethodRequest, DeviceMethodResponse } from "azure-iot-device";
import mqtt from "azure-iot-device-mqtt";

import { parsePropertyBag } from "../../../core/property-bag.ts";
import type { PropertyBag } from "../../../core/property-bag.ts";
import type { DesiredDocument } from "./desired-document.ts";
import { guardMessages } from "./guarded-messages.ts";
import { HeldInputs } from "./held-inputs.ts";
import type { MqttProvider } from "./held-inputs.ts";
import { sizeFault, Unsendable } from "./message-size.ts";
import { openTwin, readableAnswer } from "./twin-channel.ts";
import type { TwinChannel } from "./twin-channel.ts";
import { answerUnknownMethods } from "./unknown-methods.ts";

export type Input = {
  readonly name: string;
  readonly bag: PropertyBag;
  readonly body: Uint8Array;
  /** Tells the hub that it may forget the message; nothing where the connection is another by now. */
  readonly acknowledge: () => void;
};

export type Output = {
  readonly name: string;
  readonly bag: PropertyBag;
  readonly body: string;
};

export type MethodReply = { readonly status: number; readonly payload: unknown };

export type EdgeClientOptions = {
  readonly onInput: (input: Input) => void;
  readonly onDesiredPatch: (patch: DesiredDocument) => void;
  readonly methods: Readonly<Record<string, (payload: unknown) => Promise<MethodReply>>>;
};

export type EdgeClient = {
  /** Resolves when the hub has taken it. @throws Unsendable where no hub would */
  readonly send: (output: Output) => Promise<void>;
  /** The whole section. @throws Error where the hub refuses it; where it is silent, the client ends */
  readonly desired: () => Promise<DesiredDocument>;
  readonly report: (patch: object) => Promise<void>;
  /** Inputs come only from here on. */
  readonly listen: () => void;
  /** Why the connection ended; resolves once, whatever ended it. */
  readonly ended: Promise<string>;
  readonly close: () => Promise<void>;
};

const OPEN_LIMIT_MS = 60_000;
/** The SDK forgets twin calls whose answers do not come. */
const TWIN_LIMIT_MS = 10_000;
const CLOSE_LIMIT_MS = 2_000;

/** Renews the token; private in the SDK's types. */
type TokenProvider =
  | {
      readonly stop: () => void;
      readonly on: (event: "error", listener: (error: Error) => void) => void;
    }
  | undefined;
type Transport = InstanceType<typeof mqtt.Mqtt>;
type Base = Parameters<typeof guardMessages>[0] & { mqttProvider: MqttProvider };

/** Connects as the environment of an IoT Edge module says. @throws Error where that fails */
export async function openEdgeClient(options: EdgeClientOptions): Promise<EdgeClient> {
  const { promise: ended, resolve: settle } = deferred<string>();
  let over = false;
  const finish = (reason: string): void => {
    over = true;
    settle(reason);
  };
  const held = new HeldInputs((topic, body, acknowledge) => {
    const input = parseInput(topic);
    if (input === undefined) acknowledge();
    else options.onInput({ ...input, body, acknowledge });
  });
  let transport: Transport | undefined;
  const keep = (made: Transport): void => {
    transport = made;
  };
  class HoldingMqtt extends mqtt.Mqtt {
    constructor(...parameters: ConstructorParameters<typeof mqtt.Mqtt>) {
      super(...parameters);
      // Private in the SDK's types; versions are pinned, and a test fails when this stops working.
      const base = Reflect.get(this, "_mqtt") as Base;
      base.mqttProvider = held.over(base.mqttProvider);
      guardMessages(base, {
        readable: readableAnswer,
        onFault: (topic, { message }) =>
          finish(`a packet to ${topic.slice(0, 200)} cannot be read: ${message}`),
      });
      answerUnknownMethods(this, {
        names: Object.keys(options.methods),
        answer: (requestId, status, payload) =>
          void reply(new device.DeviceMethodResponse(requestId, this), { status, payload }),
      });
      keep(this);
    }
  }
  const client = await within(
    OPEN_LIMIT_MS,
    "the workload API",
    device.ModuleClient.fromEnvironment(HoldingMqtt),
  );
  // Mending is ours: a new client each time, as the SDK's own forgets subscriptions.
  client.setRetryPolicy({ shouldRetry: () => false, nextRetryTimeout: () => -1 });
  client.on("error", (error: Error) => finish(error.message));
  client.on("disconnect", (reason: unknown) => finish(describe(reason)));
  const provider = Reflect.get(transport ?? {}, "_authenticationProvider") as TokenProvider;
  // A renewal that fails would end the process: nobody in the SDK listens to it.
  provider?.on("error", (error) => finish(`the token is not renewed: ${error.message}`));
  const close = async (): Promise<void> => {
    finish("closed");
    // The SDK's close can wait for a connection that will never answer, with its timers running.
    await within(CLOSE_LIMIT_MS, "closing", client.close()).catch(() => undefined);
    held.destroy();
    provider?.stop();
  };
  try {
    await within(OPEN_LIMIT_MS, "the hub", client.open()).catch(sayPlainly);
    for (const [name, handler] of Object.entries(options.methods)) {
      client.onMethod(name, (request, response) => {
        if (request && response) void answerMethod(handler, request, response);
      });
    }
    if (transport === undefined) throw new Error("the SDK has made no transport");
    const twin = await within(
      TWIN_LIMIT_MS,
      "the twin",
      openTwin(transport, options.onDesiredPatch),
    );
    return { ...handsOf({ client, twin, finish, isOver: () => over }), ended, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Connected = {
  readonly client: device.ModuleClient;
  readonly twin: TwinChannel;
  readonly finish: (reason: string) => void;
  readonly isOver: () => boolean;
};

function handsOf({ client, twin, finish, isOver }: Connected): Omit<EdgeClient, "ended" | "close"> {
  /** A hub that is silent has lost our subscriptions: only a new client has them again. */
  const answered = async <T>(what: string, ask: () => Promise<T>): Promise<T> => {
    // The SDK would connect again for whoever asks it.
    if (isOver()) throw new Error("the connection has ended");
    try {
      return await within(TWIN_LIMIT_MS, what, ask());
    } catch (error) {
      if (error instanceof Silence) finish(error.message);
      throw error;
    }
  };
  return {
    send: async (output) => {
      const fault = sizeFault(output);
      if (fault !== undefined) throw new Unsendable(fault);
      try {
        await client.sendOutputEvent(output.name, renderOutput(output));
      } catch (error) {
        // No PUBACK in time: the link is dead, also where nobody has said so.
        finish(`an output was not taken: ${(error as Error).message}`);
        throw error;
      }
    },
    desired: () => answered("the twin", twin.desired),
    report: (patch) => answered("a report", () => twin.report(patch)),
    // The listener is never called; it makes the SDK subscribe.
    listen: () => void client.on("inputMessage", () => undefined),
  };
}

async function answerMethod(
  handler: (payload: unknown) => Promise<MethodReply>,
  request: DeviceMethodRequest,
  response: DeviceMethodResponse,
): Promise<void> {
  let given: MethodReply;
  try {
    given = await handler(request.payload as unknown);
  } catch (error) {
    given = { status: 500, payload: { message: (error as Error).message } };
  }
  await reply(response, given);
}

/** Where it cannot be sent the connection has ended, and the caller knows. */
async function reply(
  response: DeviceMethodResponse,
  { status, payload }: MethodReply,
): Promise<void> {
  await response.send(status, payload).catch(() => undefined);
}

/** Some hubs end the property bag with a slash, which is none of its. */
const INPUT = /^devices\/[^/]+\/modules\/[^/]+\/inputs\/(?<name>[^/]+)(?:\/(?<bag>.*?)\/?)?$/s;

function parseInput(topic: string): { name: string; bag: PropertyBag } | undefined {
  const { name, bag } = INPUT.exec(topic)?.groups ?? {};
  return name === undefined ? undefined : { name, bag: parsePropertyBag(bag ?? "") };
}

/** The body as text: bytes would be written out number by number into the SDK's debug log. */
function renderOutput({ bag, body }: Output): device.Message {
  const message = new device.Message(body);
  const { mid, cid, ct, ce } = bag.system;
  if (mid !== undefined) message.messageId = mid;
  if (cid !== undefined) message.correlationId = cid;
  if (ct !== undefined) message.contentType = ct as NonNullable<typeof message.contentType>;
  if (ce !== undefined) {
    message.contentEncoding = ce as NonNullable<typeof message.contentEncoding>;
  }
  for (const [name, value] of Object.entries(bag.properties)) message.properties.add(name, value);
  return message;
}

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let settle: ((value: T) => void) | undefined;
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: (value) => settle?.(value) };
}

class Silence extends Error {}

async function within<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), limitMs);
  try {
    return await Promise.race([
      work,
      once(stop.signal, "abort").then(() => {
        throw new Silence(`${what} did not answer within ${limitMs / 1000} s`);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** The SDK calls every failed connection unauthorised; what really happened stands behind it. */
function sayPlainly({ message }: Error): never {
  const cause = /\(Not authorized\): (?<cause>.*?)(?: error)?$/.exec(message)?.groups?.["cause"];
  throw new Error(cause ?? message);
}

function describe(reason: unknown): string {
  const error = (reason as { readonly transportObj?: Error } | undefined)?.transportObj;
  return error?.message ?? "the connection was closed";
}
