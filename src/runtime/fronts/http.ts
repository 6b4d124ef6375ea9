/** The HTTP front: requests in, envelopes to the scorer, answers out. */

import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";

import { Cancellation } from "../../core/cancellation.ts";
import type { Clock, Log } from "../../core/ports.ts";
import { ScoringError } from "../../core/problem.ts";
import type { Scorer, ScoringRequest, ScoringResponse } from "../../core/scoring.ts";
import type { Metrics } from "../metrics.ts";
import type { RuntimeMetrics } from "../runtime-metrics.ts";
import { errorResponse } from "../wire/fault.ts";
import { readBody } from "./body.ts";
import { OWN_CONVENTIONS } from "./conventions.ts";
import type { Conventions } from "./conventions.ts";
import { answerBrokenRequest } from "./broken-request.ts";
import { createDrain } from "./drain.ts";
import type { Drain } from "./drain.ts";
import { listen } from "./listen.ts";
import { METRICS_TYPE } from "./metrics-front.ts";
import type { OpenApiPage } from "./openapi-page.ts";

export type HttpFrontOptions = {
  readonly scorer: Scorer;
  /** Its own where absent. */
  readonly conventions?: Conventions;
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

const READING = ["GET", "HEAD"];
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
    const { ids: idsOf, finish } = conventionsOf(options);
    const ids = idsOf(request.headers, options.createId);
    if (!ids.ok) {
      const headers = { ...JSON_TYPE, ...ids.headers };
      send(
        response,
        { status: 431, headers, body: Buffer.from(`{"message": ${JSON.stringify(ids.message)}}`) },
        drain,
      );
      return;
    }
    const path = pathOf(request);
    const isScore = path === "/score";
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
    const asked = { path, method: request.method ?? "GET", headers: request.headers };
    const { headers, ...finished } = finish(asked, answer);
    send(response, { ...finished, headers: { ...headers, ...ids.headers } }, drain);
  };
}

function conventionsOf({ conventions }: HttpFrontOptions): Conventions {
  return conventions ?? OWN_CONVENTIONS;
}

type Exchange = { readonly response: ServerResponse; readonly requestId: string };

async function route(
  options: HttpFrontOptions,
  request: IncomingMessage,
  exchange: Exchange,
): Promise<ScoringResponse> {
  const path = pathOf(request);
  const { notAllowed, notFound } = conventionsOf(options);
  const reads = request.method === "GET" || request.method === "HEAD";
  if (!(reads && OPEN_PATHS.has(path))) options.admit(request.headers.authorization);
  if (path === "/score") {
    const { scoreMethods } = conventionsOf(options);
    const { method = "" } = request;
    if (!scoreMethods.includes(method)) return notAllowed(method, scoreMethods);
    return options.scorer.score(await envelope(options, request, exchange));
  }
  if (path === "/swagger.json") {
    if (!reads) return notAllowed(request.method ?? "", READING);
    const asked = request.headers["azureml-model-deployment"];
    return options.openApi(queryOf(request), typeof asked === "string" ? asked : undefined);
  }
  const page = pageAt(options, path);
  if (page === undefined) return notFound(path);
  if (!reads) return notAllowed(request.method ?? "", READING);
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

async function envelope(
  options: HttpFrontOptions,
  request: IncomingMessage,
  { response, requestId }: Exchange,
): Promise<ScoringRequest> {
  const encoding = request.headers["content-encoding"];
  const { encodedBodies } = conventionsOf(options);
  if (encoding !== undefined && encoding !== "identity" && !encodedBodies) {
    throw new ScoringError(
      "INPUT_FORM",
      `the body is encoded as ${encoding.slice(0, 40)}, expected it as it is`,
    );
  }
  const cancellation = new Cancellation();
  response.once("close", () => {
    if (!response.writableFinished) cancellation.cancel("gone");
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
    body: await readBody(request, options.maxBodyBytes),
    ...(deployment !== undefined && { deployment }),
    requestId,
    cancellation,
  };
}

function send(response: ServerResponse, answer: ScoringResponse, drain: Drain): void {
  if (response.destroyed) return;
  const { status, repeated, body } = answer;
  const headers = repeated === undefined ? answer.headers : { ...answer.headers, ...repeated };
  // After a refused body the rest of it would be read as the next request.
  const close = drain.begun() || !response.req.complete;
  const connection = close ? { connection: "close" } : {};
  if (body instanceof Uint8Array) {
    response.writeHead(status, { ...headers, "content-length": body.length, ...connection });
    response.end(body);
  } else {
    response.writeHead(status, { ...headers, ...connection });
    // A stream that breaks off breaks the connection: the reader sees that it is not whole.
    pipeline(Readable.from(body), response, () => undefined);
  }
}
