/**
 * The hub's door: MQTT over TLS. It says who connected, what they published, and what they have
 * acknowledged; what any of it means is the hub's.
 */

import { createServer } from "node:tls";
import type { Socket } from "node:net";
import type { Server, TLSSocket } from "node:tls";

import { Aedes } from "aedes";
import type { AedesOptions, Client } from "aedes";

import type { Clock, Log } from "../../core/ports.ts";
import { MAX_TIMER_MS } from "../../core/limits/timer.ts";
import { sizeFault } from "../hub/message-limits.ts";
import { StorageFault } from "../hub/storage-fault.ts";
import { listenOn } from "../listen.ts";
import type { Certificates } from "./certificates.ts";
import type { Identities } from "./identities.ts";
import { createMethodsApi } from "./methods-api.ts";
import type { CallMethod } from "./methods-api.ts";
import { renderPublish } from "./publish-packet.ts";
import type { PublishPacket } from "./publish-packet.ts";
import { tokenEnd, tokenFault } from "./sas-token.ts";
import { Sessions } from "./sessions.ts";
import { maySubscribe, parseTopic } from "./topics.ts";
import type { Action } from "./topics.ts";

export type BrokerOptions = {
  readonly hub: string;
  readonly device: string;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** It opens as `cut` leaves it. */
  readonly isCut: boolean;
  readonly folder: string;
  readonly certificates: Certificates;
  readonly identities: Identities;
  readonly clock: Clock;
  readonly log: Log;
  readonly connected: (module: string) => void;
  readonly disconnected: (module: string) => void;
  readonly subscribed: (module: string) => void;
  readonly acknowledged: (module: string, messageId: number) => void;
  /** Another module calls a direct method. */
  readonly callMethod: CallMethod;
  /** Called before the publish is acknowledged. */
  readonly published: (module: string, action: Action, payload: Uint8Array) => void;
};

export type Broker = {
  readonly port: number;
  /** False where the module is not connected. */
  readonly send: (module: string, packet: PublishPacket) => boolean;
  readonly isSubscribed: (module: string, topic: string) => boolean;
  readonly connectedModules: () => readonly string[];
  /** Ends every connection and refuses new ones until `restore`. */
  readonly cut: () => void;
  readonly restore: () => void;
  readonly close: () => Promise<void>;
};

/** @throws UserError SIM_PORT */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  const { device } = options;
  const clients = new Map<string, Client>();
  const moduleOf = ({ id }: Pick<Client, "id">): string => id.slice(device.length + 1);
  const sessions = new Sessions(options.folder, (id, messageId) =>
    options.acknowledged(moduleOf({ id }), messageId),
  );
  const aedes = await Aedes.createBroker({
    persistence: sessions,
    queueLimit: 1_000,
    ...rightsOf(options, moduleOf),
  });
  aedes.on("clientReady", (client) => {
    clients.set(moduleOf(client), client);
    options.connected(moduleOf(client));
  });
  aedes.on("clientDisconnect", (client) => {
    if (clients.get(moduleOf(client)) !== client) return;
    clients.delete(moduleOf(client));
    options.disconnected(moduleOf(client));
  });
  aedes.on("clientError", ({ id }, error) => {
    if (error instanceof StorageFault) options.log.error(`${id} is cut off, ${error.message}`);
  });
  aedes.on("subscribe", (_, client) => options.subscribed(moduleOf(client)));
  const closeAedes = (): Promise<void> => new Promise((resolve) => aedes.close(resolve));
  const door = await openDoor(options, aedes).catch(async (error: unknown) => {
    // Its timers would keep the process alive.
    await closeAedes();
    throw error;
  });
  return {
    ...door,
    send: (module, packet) => {
      const client = clients.get(module);
      if (client === undefined || client.closed) return false;
      (client.conn as Socket).write(renderPublish(packet));
      return true;
    },
    isSubscribed: (module, topic) => {
      const client = clients.get(module) as { subscriptions?: object } | undefined;
      return client?.subscriptions !== undefined && topic in client.subscriptions;
    },
    connectedModules: () => [...clients.keys()],
    close: async () => {
      door.cut();
      await closeAedes();
      await door.close();
    },
  };
}

type Rights = Pick<
  AedesOptions,
  "authenticate" | "authorizeSubscribe" | "authorizePublish" | "authorizeForward"
>;

/** Who may come in, and who may do what. */
function rightsOf(options: BrokerOptions, moduleOf: (client: Client) => string): Rights {
  const { device, log, clock } = options;
  const rootOf = (client: Client): string => `devices/${device}/modules/${moduleOf(client)}/`;
  return {
    authenticate: (...[client, username, password, done]) => {
      const fault = identityFault(options, { clientId: client.id, username, password });
      if (fault !== undefined) log.warn(`${client.id} is refused: ${fault}`);
      else endWithToken(client, tokenEnd(String(password)) - clock.now());
      done(null, fault === undefined);
    },
    authorizeSubscribe: (client, subscription, done) => {
      const allowed = maySubscribe(subscription.topic, rootOf(client));
      if (!allowed) log.warn(`${client.id} may not subscribe to ${subscription.topic}`);
      done(null, allowed ? subscription : null);
    },
    authorizePublish: (client, packet, done) => {
      if (client === null) return done();
      const action = parseTopic(packet.topic, rootOf(client));
      const payload = Buffer.from(packet.payload as Uint8Array);
      const fault = sizeFault(packet.topic, payload);
      if (fault !== undefined) {
        log.warn(`${client.id} is cut off: ${fault}`);
        return done(new Error("the message is too large"));
      }
      try {
        if (action.kind === "refused")
          log.warn(`${client.id} may not publish to ${packet.topic}, and is not heard`);
        else options.published(moduleOf(client), action, payload);
      } catch (error) {
        // Without a PUBACK, so that whoever sent it keeps it.
        log.error(`${client.id} is cut off, a packet is not taken: ${(error as Error).message}`);
        return done(error as Error);
      }
      // Acknowledged, and for nobody: what the hub makes of it, it sends itself.
      packet.topic = "taken";
      packet.payload = "";
      done();
    },
    authorizeForward: () => null,
  };
}

/** A token that has ended ends its connection. */
function endWithToken(client: Client, leftMs: number): void {
  const timer = setTimeout(() => client.close(), Math.min(leftMs, MAX_TIMER_MS));
  timer.unref();
  client.conn.once("close", () => clearTimeout(timer));
}

type Claim = {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
};

/** What speaks against a client; `undefined` where it is a module of this device. */
function identityFault(
  { hub, device, identities, clock }: BrokerOptions,
  { clientId, username = "", password }: Claim,
): string | undefined {
  const [host = "", user = "", module = "", query = ""] = username.split("/");
  if (!query.includes("api-version=")) {
    return `the user name is '${username.slice(0, 200)}', expected hub/device/module/?api-version=…`;
  }
  if (clientId !== `${user}/${module}`)
    return `the client is '${clientId}' and the user '${user}/${module}'`;
  if (host !== hub || user !== device) return `this is ${device} of ${hub}`;
  const key = identities.keyOf(module);
  if (key === undefined) return `there is no module '${module}'`;
  if (password === undefined) return "there is no token";
  const fault = tokenFault(
    password.toString(),
    { key, resource: { hub, device, module } },
    clock.now(),
  );
  return fault === undefined ? undefined : `of the token, ${fault}`;
}

const MQTT_CONNECT = 0x10;

type Door = Pick<Broker, "port" | "cut" | "restore" | "close">;

/** A cut is a door that lets nobody in: the port stays ours, so that nobody else takes it. */
async function openDoor(options: BrokerOptions, aedes: Aedes): Promise<Door> {
  const { certificates, host, port, isCut } = options;
  const methods = createMethodsApi(options);
  const sockets = new Set<Socket>();
  let open = !isCut;
  const server: Server = createServer(
    // Without noDelay every hop waits 40 ms for an answer that is not coming.
    { key: certificates.key, cert: certificates.cert, noDelay: true },
    (socket: TLSSocket) => {
      socket.on("error", () => socket.destroy());
      // One port for both: a CONNECT begins with a byte that no HTTP request begins with.
      socket.once("data", (first: Buffer) => {
        socket.pause();
        socket.unshift(first);
        if (first[0] === MQTT_CONNECT) {
          aedes.handle(socket);
          return;
        }
        methods.emit("connection", socket);
        socket.resume();
      });
    },
  );
  server.on("connection", (socket: Socket) => {
    if (!open) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", (_, socket) => socket.destroy());
  const actual = await listenOn(server, { host, port }, "the hub");
  return {
    port: actual,
    cut: () => {
      open = false;
      for (const socket of sockets) socket.destroy();
    },
    restore: () => {
      open = true;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
