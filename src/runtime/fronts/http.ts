/** The HTTP front: requests in, envelopes to the scorer, answers out. */

import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";

import { Cancellation } from "../../core/cancellation.ts";
import type { Clock, Log } from "../../core/ports.ts";
import { ScoringError } from "../../core/problem.ts";
import type { Scorer, ScoringRequest, ScoringResponse } from "../../core/scoring.ts";
import type { Metrics } from "../metrics.ts";
import type { RuntimeMetrics } from "../runtime-metrics.ts";
import { errorResponse, faultResponse } from "../wire/fault.ts";
import { readBody } from "./body.ts";
import { answerBrokenRequest } from "./broken-request.ts";
import { createDrain } from "./drain.ts";
import type { Drain } from "./drain.ts";
import { listen } from "./listen.ts";
import { METRICS_TYPE } from "./metrics-front.ts";
import type { OpenApiPage } from "./openapi-page.ts";
import { requestIds } from "./request-id.ts";

export type HttpFrontOptions = {
  readonly scorer: Scorer;
  readonly ready: () => boolean;
  readonly metrics: RuntimeMetrics & Pick<Metrics, "render">;
  readonly stats: () => unknown;
  readonly openApi: OpenApiPage;
  /** Lets a request with this Authorization header in. @throws ScoringError AUTH_* */
  readonly admit: (authorization: string | undefined) => void;
  readonly log: Log;
  readonly clock: Clock;
  readonly createId: () => string;
  readonly host: string;
  readonly port: number;
  readonly maxBodyBytes: number;
};

export type HttpFront = {
  /** Where it listens, e.g. `http://127.0.0.1:5001`. @throws UserError RUNTIME_PORT */
  readonly start: () => Promise<string>;
  readonly stop: (graceMs: number) => Promise<void>;
};

/** All that answers strangers where credentials are asked for, and GET and HEAD of it alone. */
const OPEN_PATHS: ReadonlySet<string> = new Set([
  "/",
  "/health/live",
  "/health/ready",
  "/v2/health/live",
  "/v2/health/ready",
]);

const TEXT = { "content-type": "text/plain; charset=utf-8" };
const JSON_TYPE = { "content-type": "application/json" };

export function createHttpFront(options: HttpFrontOptions): HttpFront {
  const server = createServer({
    // A slow or silent sender is cut off; bodies have the time a thin link needs.
    headersTimeout: 15_000,
    requestTimeout: 300_000,
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: 75_000,
  });
  const drain = createDrain(server);
  const serve = createHandler(options, drain);
  server.on("request", (request, response) => void serve(request, response));
  server.on("clientError", (error, socket) =>
    answerBrokenRequest(error, socket, options.createId()),
  );
  return {
    start: () => listen(server, options.host, options.port),
    stop: drain.finish,
  };
}

function createHandler(options: HttpFrontOptions, drain: Drain) {
  const { metrics, clock, log } = options;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    drain.enter(response);
    const start = clock.monotonic();
    const ids = requestIds(request.headers, options.createId);
    if (!ids.ok) {
      const headers = JSON_TYPE;
      send(
        response,
        { status: 431, headers, body: Buffer.from(JSON.stringify({ message: ids.message })) },
        drain,
      );
      return;
    }
    const isScore = pathOf(request) === "/score";
    let answer: ScoringResponse;
    try {
      answer = await route(options, request, { response, requestId: ids.requestId });
    } catch (error) {
      answer = errorResponse(error);
      if (answer.status >= 500)
        log.error((error as Error).stack ?? String(error), { requestId: ids.requestId });
    }
    if (isScore) {
      const deployment = answer.headers["azureml-model-deployment"] ?? "";
      metrics.observeRequest(deployment, answer.status, clock.monotonic() - start);
    }
    send(response, { ...answer, headers: { ...answer.headers, ...ids.headers } }, drain);
  };
}

type Exchange = { readonly response: ServerResponse; readonly requestId: string };

async function route(
  options: HttpFrontOptions,
  request: IncomingMessage,
  exchange: Exchange,
): Promise<ScoringResponse> {
  const path = pathOf(request);
  const reads = request.method === "GET" || request.method === "HEAD";
  if (!(reads && OPEN_PATHS.has(path))) options.admit(request.headers.authorization);
  if (path === "/score") {
    if (request.method !== "POST") return notAllowed(request, "POST");
    return options.scorer.score(await envelope(options, request, exchange));
  }
  if (path === "/swagger.json") {
    if (!reads) return notAllowed(request, "GET, HEAD");
    const asked = request.headers["azureml-model-deployment"];
    return options.openApi(queryOf(request), typeof asked === "string" ? asked : undefined);
  }
  const page = pageAt(options, path);
  if (page === undefined)
    return faultResponse("ROUTE_UNKNOWN", `there is nothing at ${path.slice(0, 200)}`);
  if (!reads) return notAllowed(request, "GET, HEAD");
  return page;
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] ?? "/";
}

function queryOf(request: IncomingMessage): string {
  return /\?(.*)$/su.exec(request.url ?? "")?.[1] ?? "";
}

function pageAt(
  { ready, metrics, stats }: HttpFrontOptions,
  path: string,
): ScoringResponse | undefined {
  switch (path) {
    case "/":
      return { status: 200, headers: TEXT, body: Buffer.from("Healthy") };
    case "/health/live":
      return { status: 200, headers: JSON_TYPE, body: Buffer.from('{"live":true}') };
    case "/health/ready":
      return {
        status: ready() ? 200 : 503,
        headers: JSON_TYPE,
        body: Buffer.from(`{"ready":${ready()}}`),
      };
    case "/stats":
      return { status: 200, headers: JSON_TYPE, body: Buffer.from(JSON.stringify(stats())) };
    case "/metrics":
      return {
        status: 200,
        headers: METRICS_TYPE,
        body: Buffer.from(metrics.render()),
      };
    default:
      return undefined;
  }
}

function notAllowed(request: IncomingMessage, allow: string): ScoringResponse {
  const fault = faultResponse(
    "ROUTE_METHOD",
    `${request.method} is not allowed here, allowed: ${allow}`,
  );
  return { ...fault, headers: { ...fault.headers, allow } };
}

async function envelope(
  { maxBodyBytes }: HttpFrontOptions,
  request: IncomingMessage,
  { response, requestId }: Exchange,
): Promise<ScoringRequest> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new ScoringError(
      "INPUT_FORM",
      `the body is encoded as ${encoding.slice(0, 40)}, expected it as it is`,
    );
  }
  const cancellation = new Cancellation();
  response.once("close", () => {
    if (!response.writableFinished) cancellation.cancel();
  });
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  const deployment = headers["azureml-model-deployment"];
  return {
    protocol: { kind: "score" },
    method: request.method ?? "POST",
    query: queryOf(request),
    headers,
    body: await readBody(request, maxBodyBytes),
    ...(deployment !== undefined && { deployment }),
    requestId,
    cancellation,
  };
}

function send(response: ServerResponse, answer: ScoringResponse, drain: Drain): void {
  if (response.destroyed) return;
  const { status, headers, body } = answer;
  // After a refused body the rest of it would be read as the next request.
  const close = drain.begun() || !response.req.complete;
  const connection = close ? { connection: "close" } : {};
  if (body instanceof Uint8Array) {
    response.writeHead(status, { ...headers, "content-length": body.length, ...connection });
    response.end(body);
  } else {
    response.writeHead(status, { ...headers, ...connection });
    Readable.from(body).pipe(response);
  }
}
