/**
 * The simulated device by HTTP, on this machine alone: what a scenario does, one request each.
 *
 *     POST  /modules/{m}/inputs/{i}     a message; its properties are the query's
 *     POST  /messages                   a message of the device itself
 *     GET   /upstream?after=N           what has arrived in the cloud behind number N, 1,000 at most
 *     GET   /modules/{m}/twin           PATCH: desired properties
 *     POST  /modules/{m}/methods/{n}    a direct method; the body is its payload
 *     POST  /modules/{m}/kill           as a power cut does it
 *     GET   /modules/{m}/credentials    for another MQTT client
 *     PUT   /routes                     the whole set
 *     POST  /hub/cut, /hub/restore, /hub/restart
 *     GET   /                           what is connected, what waits
 */

import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";

import type { Device } from "./device.ts";
import { inputNameFault } from "./hub/input-name.ts";
import { isObject } from "./hub/merge-patch.ts";
import { MessageRefused } from "./hub/message-limits.ts";
import type { HubMessage } from "./hub/message.ts";
import { StorageFault } from "./hub/storage-fault.ts";
import { listenOn } from "./listen.ts";
import type { RouteSpec } from "./routes/route-spec.ts";

export type Control = { readonly url: string; readonly close: () => Promise<void> };

type Reply = { readonly status: number; readonly body: unknown };
type Request = {
  readonly device: Device;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Buffer;
};

const METHOD_TIMEOUT_MS = 30_000;
const MAX_LISTED = 1_000;

/** @throws UserError SIM_PORT */
export async function serveControl(device: Device, port: number): Promise<Control> {
  const server = createServer((request, response) => {
    const send = ({ status, body }: Reply): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(`${JSON.stringify(body)}\n`);
    };
    answer(device, request).then(send, (error: unknown) => send(failed(error as Error)));
  });
  const host = "127.0.0.1";
  const actual = await listenOn(server, { host, port }, "the control over HTTP");
  return {
    url: `http://${host}:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(device: Device, incoming: IncomingMessage): Promise<Reply> {
  const url = new URL(incoming.url ?? "/", "http://localhost");
  const path = url.pathname
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  const request = { device, path, query: url.searchParams, body: await buffer(incoming) };
  const verb = `${incoming.method} ${path[0] ?? ""}`;
  switch (verb) {
    case "GET ":
      return { status: 200, body: overview(device) };
    case "GET upstream":
      return listUpstream(request);
    case "POST messages":
      device.hub.sendFromDevice(outsideMessage(request));
      return { status: 202, body: {} };
    case "PUT routes": {
      const routes: unknown = JSON.parse(String(request.body));
      if (!isObject(routes)) return refused("the body must be a JSON object: a route by its name");
      const read = device.hub.setRoutes(routes as Record<string, RouteSpec>);
      return { status: read.ok ? 200 : 400, body: { problems: read.problems } };
    }
    case "POST hub":
      return changeHub(request);
    default:
      return path[0] === "modules" ? ofModule(request, incoming.method ?? "") : unknown(request);
  }
}

async function changeHub(request: Request): Promise<Reply> {
  const { device, path } = request;
  if (path[1] === "cut") device.hub.cut();
  else if (path[1] === "restore") device.hub.restore();
  else if (path[1] === "restart") await device.restartHub();
  else return unknown(request);
  return { status: 200, body: {} };
}

async function ofModule(request: Request, method: string): Promise<Reply> {
  const { device, path, body } = request;
  const [, module = "", what = "", name = ""] = path;
  if (!device.knows(module)) {
    return { status: 404, body: { message: `there is no module '${module}'` } };
  }
  const inputFault = inputNameFault(name);
  switch (`${method} ${what}`) {
    case "POST inputs":
      if (name === "") return refused("the name of an input stands behind /inputs/");
      if (inputFault !== undefined) return refused(`the name of an input ${inputFault}`);
      device.hub.sendToInput(module, name, outsideMessage(request));
      return { status: 202, body: {} };
    case "GET twin":
      return { status: 200, body: device.hub.twinOf(module) };
    case "PATCH twin": {
      const patch: unknown = JSON.parse(String(body));
      if (!isObject(patch)) return refused("the body must be a JSON object");
      const patched = device.hub.patchDesired(module, patch);
      return { status: patched.ok ? 200 : 400, body: patched };
    }
    case "POST methods": {
      if (name === "") return refused("the name of a method stands behind /methods/");
      const payload: unknown = body.length === 0 ? null : JSON.parse(String(body));
      const timeouts = { connectTimeoutMs: 0, responseTimeoutMs: METHOD_TIMEOUT_MS };
      const call = { module, name, payload, ...timeouts };
      const { unanswered, ...answered } = await device.hub.callMethod(call);
      // What the hub says itself is no answer of the module.
      return unanswered === true
        ? { status: answered.status, body: answered.payload }
        : { status: 200, body: answered };
    }
    case "POST kill": {
      const running = device.modules.get(module);
      if (running === undefined)
        return refused(`'${module}' is another client's: nothing runs here`);
      running.kill();
      return { status: 202, body: {} };
    }
    case "GET credentials":
      return { status: 200, body: device.credentialsOf(module) };
    default:
      return unknown(request);
  }
}

function overview(device: Device): object {
  const hub = device.hub;
  const connected = new Set(hub.connectedModules());
  const stateOf = (name: string) => ({
    connected: connected.has(name),
    waiting: hub.queueLength(name),
  });
  return {
    modules: Object.fromEntries(
      device.names.map((name) => [
        name,
        { ...stateOf(name), restarts: device.modules.get(name)?.restarts() ?? 0 },
      ]),
    ),
    clients: Object.fromEntries(device.clients.map((name) => [name, stateOf(name)])),
    counters: hub.counters(),
    upstream: device.upstream.count(),
    mqtt: { host: "localhost", port: hub.port, ca: device.caFile },
  };
}

/** Numbers count all that ever arrived; only the newest are still there. */
function listUpstream({ device, query }: Request): Reply {
  const from = query.get("after") ?? "0";
  if (!/^\d+$/.test(from)) {
    return refused(`after is '${from.slice(0, 100)}', must be the number of a message, 0 for all`);
  }
  const kept = device.upstream.messages();
  const first = device.upstream.count() - kept.length + 1;
  const after = Math.max(Number(from), first - 1);
  const messages = kept
    .slice(after - first + 1)
    .slice(0, MAX_LISTED)
    .map((message, index) => shown(message, after + index + 1));
  return { status: 200, body: { count: device.upstream.count(), messages } };
}

function shown({ source, module, bag, body }: HubMessage, number: number): object {
  const text = Buffer.from(body).toString();
  return {
    number,
    source,
    module,
    system: bag.system,
    properties: bag.properties,
    body: parsed(text),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** `$.mid` and the like are system properties, as in a topic; JSON unless said otherwise. */
function outsideMessage({ query, body }: Request) {
  const system: Record<string, string> = { ct: "application/json", ce: "utf-8" };
  const properties: Record<string, string> = {};
  for (const [key, value] of query) {
    if (key.startsWith("$.")) system[key.slice(2)] = value;
    else properties[key] = value;
  }
  return { bag: { system, properties }, body };
}

function unknown({ path }: Request): Reply {
  return { status: 404, body: { message: `there is nothing at /${path.join("/").slice(0, 200)}` } };
}

/** Whose fault is it? What is no fault of the request must not look like one. */
function failed(error: Error): Reply {
  const body = { message: error.message };
  if (error instanceof MessageRefused) return { status: 413, body };
  if (error instanceof StorageFault) return { status: 507, body };
  return { status: error instanceof SyntaxError || error instanceof URIError ? 400 : 500, body };
}

function refused(message: string): Reply {
  return { status: 400, body: { message } };
}
