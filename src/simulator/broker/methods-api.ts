/**
 * Direct methods from module to module, over HTTPS: `POST /twins/{device}/modules/{module}/methods`.
 *
 * @source Azure/iotedge: edge-hub/core/src/Microsoft.Azure.Devices.Edge.Hub.Http/controllers/TwinsController.cs
 */

import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { json } from "node:stream/consumers";

import type { Clock } from "../../core/ports.ts";
import type { Identities } from "./identities.ts";
import { tokenFault } from "./sas-token.ts";

export type CallMethod = (call: {
  readonly module: string;
  readonly name: string;
  readonly payload: unknown;
  readonly connectTimeoutMs: number;
  readonly responseTimeoutMs: number;
}) => Promise<{
  readonly status: number;
  readonly payload: unknown;
  readonly unanswered?: true;
}>;

export type MethodsApiOptions = {
  readonly hub: string;
  readonly device: string;
  readonly identities: Identities;
  readonly clock: Clock;
  readonly callMethod: CallMethod;
};

type Reply = { readonly status: number; readonly body: object };

const PATH = /^\/twins\/(?<device>[^/]+)\/modules\/(?<module>[^/]+)\/methods$/;

/** Its connections are handed to it: it listens nowhere. */
export function createMethodsApi(options: MethodsApiOptions): Server {
  return createServer((request, response) => {
    const send = ({ status, body }: Reply): void => {
      response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
      response.end(JSON.stringify(body));
    };
    answer(options, request).then(send, () => send(refused(400, "the body is no JSON object")));
  });
}

async function answer(options: MethodsApiOptions, request: IncomingMessage): Promise<Reply> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  const { device, module } = PATH.exec(pathname)?.groups ?? {};
  if (request.method !== "POST" || device !== options.device || module === undefined) {
    return refused(404, `there is nothing at ${pathname.slice(0, 200)}`);
  }
  const fault = callerFault(options, request);
  if (fault !== undefined) return fault;
  const body = (await json(request)) as Readonly<Record<string, unknown>>;
  const connect = seconds(body["connectTimeoutInSeconds"], 0, [0, 300]);
  const respond = seconds(body["responseTimeoutInSeconds"], 30, [5, 300]);
  const name = body["methodName"];
  if (typeof name !== "string" || connect === undefined || respond === undefined) {
    return refused(
      400,
      "methodName is a text, connectTimeoutInSeconds 0 to 300, responseTimeoutInSeconds 5 to 300",
    );
  }
  const { status, payload, unanswered } = await options.callMethod({
    module: decodeURIComponent(module),
    name,
    payload: body["payload"],
    connectTimeoutMs: connect * 1000,
    responseTimeoutMs: respond * 1000,
  });
  if (unanswered === true) return { status, body: payload as object };
  return { status: 200, body: { status, payload } };
}

/** The caller is a module of the same device. */
function callerFault(
  { hub, device, identities, clock }: MethodsApiOptions,
  { headers }: IncomingMessage,
): Reply | undefined {
  const [from, module = ""] = String(headers["x-ms-edge-moduleid"] ?? "").split("/");
  const key = identities.keyOf(module);
  if (from !== device || key === undefined) {
    return refused(400, "x-ms-edge-moduleId names no module of this device");
  }
  const resource = { hub, device, module };
  const fault = tokenFault(headers.authorization ?? "", { key, resource }, clock.now());
  return fault === undefined ? undefined : refused(401, `of the token, ${fault}`);
}

function seconds(
  value: unknown,
  otherwise: number,
  [least, most]: readonly [number, number],
): number | undefined {
  const number = value ?? otherwise;
  return typeof number === "number" && number >= least && number <= most ? number : undefined;
}

function refused(status: number, message: string): Reply {
  return { status, body: { message } };
}
