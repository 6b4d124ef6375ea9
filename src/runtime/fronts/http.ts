/** The HTTP front: requests in, envelopes to the scorer, answers out. */

import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import { Cancellation } from "../../core/cancellation.ts";
import type { Log } from "../../core/ports.ts";
import type { ScoringResponse } from "../../core/scoring.ts";
import { errorResponse, OVERLOAD_RESPONSE } from "../wire/fault.ts";
import { NoRoom, readBody, SenderGone } from "./requests/body.ts";
import { createBodyRoom } from "./requests/body-room.ts";
import type { BodyRoom } from "./requests/body-room.ts";
import { answerBrokenRequest, brokenStatus, isLost } from "./requests/broken-request.ts";
import { compress } from "./compress.ts";
import { OWN_CONVENTIONS } from "./conventions/conventions.ts";
import { createDrain } from "./drain.ts";
import type { Drain } from "./drain.ts";
import { HttpRequest } from "./requests/http-request.ts";
import { ruleFault } from "./requests/http-rules.ts";
import { isJobPath, MOST_JOB_BYTES, NO_JOBS } from "./jobs.ts";
import type { JobRoutes } from "./jobs.ts";
import { listen } from "./listen.ts";
import { pageAt, PAGES } from "./pages.ts";
import type { PageOptions } from "./pages.ts";
import { answerScore, CLIENT_GONE, conventionsOf, scoreBody } from "./scoring-route.ts";
import type { Exchange, ScoringRouteOptions } from "./scoring-route.ts";
import { sendAnswer } from "./send.ts";
import { asV2Fault } from "./v2/fault.ts";
import { v2Route } from "./v2/v2.ts";
import type { V2Options } from "./v2/v2.ts";

export type HttpFrontOptions = ScoringRouteOptions & {
  readonly pages: PageOptions;
  readonly v2: V2Options;
  /** Of a batch endpoint. */
  readonly jobs?: JobRoutes;
  /** Lets a request with this Authorization header in. @throws ScoringError AUTH_* */
  readonly admit: (authorization: string | undefined) => void;
  readonly log: Log;
  readonly createId: () => string;
  readonly host: string;
  readonly port: number;
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

export function createHttpFront(options: HttpFrontOptions): HttpFront {
  const server = createServer({
    IncomingMessage: HttpRequest,
    // A slow or silent sender is cut off; bodies have the time a thin link needs.
    headersTimeout: 15_000,
    requestTimeout: 300_000,
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: 75_000,
    // Ours to answer.
    requireHostHeader: false,
  });
  const drain = createDrain(server);
  const room = createBodyRoom(options.bodyLimits.together);
  const broken: BrokenConnections = new WeakMap();
  const onRequest = (request: HttpRequest, response: ServerResponse): void =>
    void serve(options, { drain, room, broken }, { request, response });
  server.on("request", onRequest);
  // Without a listener Node answers an empty 417.
  server.on("checkExpectation", onRequest);
  server.on("clientError", (error, socket) => {
    if (isLost(error, socket)) return void socket.destroy();
    broken.set(socket, brokenStatus(error));
    // Those before it on this connection were good, and have their answers first.
    drain.afterAnswers(socket, () => answerBrokenRequest(error, socket, options.createId()));
  });
  return {
    start: () => listen(server, options.host, options.port),
    stop: drain.finish,
  };
}

/** How those were answered that sent what is not HTTP. */
type BrokenConnections = WeakMap<Duplex, number>;

type Connections = {
  readonly drain: Drain;
  readonly room: BodyRoom;
  readonly broken: BrokenConnections;
};

async function serve(
  options: HttpFrontOptions,
  { drain, room, broken }: Connections,
  { request, response }: { request: HttpRequest; response: ServerResponse },
): Promise<void> {
  const cancellation = new Cancellation();
  drain.enter(request, response, () => cancellation.cancel("gone"));
  const conventions = conventionsOf(options);
  const ids = conventions.ids(request.headers, options.createId);
  let answer: ScoringResponse;
  if (ids.ok) {
    const [path, query] = splitUrl(request.url ?? "/");
    const { requestId } = ids;
    const share = room.enter();
    const exchange = { request, path, query, requestId, cancellation, share };
    try {
      answer = await answerTo(options, exchange);
    } catch (error) {
      answer = faultOf(options, exchange, { error, broken });
    }
    share.leave();
    answer = conventions.finish(request, answer);
  } else answer = tooLongId(ids.message);
  // After a body that was not read to its end the rest of it would be read as the next request.
  const close = drain.begun() || !request.complete;
  try {
    sendAnswer(response, answer, { ids: ids.headers, close });
  } catch (error) {
    // A script's headers may be what Node refuses to write: that ends this answer, and nothing else.
    options.log.error(`an answer cannot be written: ${(error as Error).message}`);
    request.socket.destroy();
  }
}

/** @source azureml-contract 4.6 */
function tooLongId(message: string): ScoringResponse {
  return {
    status: 431,
    headers: { "content-type": "application/json" },
    body: Buffer.from(`{"message": ${JSON.stringify(message)}}`),
  };
}

/** May throw or reject with what is wrong with the request. */
function answerTo(
  options: HttpFrontOptions,
  exchange: Exchange,
): ScoringResponse | Promise<ScoringResponse> {
  const { request, path } = exchange;
  const broken = ruleFault(request);
  if (broken !== undefined) return path.startsWith("/v2") ? asV2Fault(broken) : broken;
  if (!(reads(request) && OPEN_PATHS.has(path))) options.admit(request.headers.authorization);
  if (path === "/score") return answerScore(options, exchange);
  if (path.startsWith("/v2")) return answerV2(options, exchange);
  return isJobPath(path) ? answerJobs(options, exchange) : answerPage(options, exchange);
}

function answerJobs(
  { jobs = NO_JOBS }: HttpFrontOptions,
  { request, path, share }: Exchange,
): Promise<ScoringResponse> {
  const { method = "" } = request;
  return jobs({
    method,
    path,
    body: () => readBody(request, { limitBytes: MOST_JOB_BYTES, share }),
  });
}

function faultOf(
  options: HttpFrontOptions,
  { request, path, requestId }: Exchange,
  { error, broken }: { readonly error: unknown; readonly broken: BrokenConnections },
): ScoringResponse {
  // Its connection is closed, or answered already: the status is for the metrics alone.
  const gone = error instanceof SenderGone;
  const answer = gone
    ? { ...errorResponse(error), status: broken.get(request.socket) ?? CLIENT_GONE }
    : refusalOf(error);
  if (answer.status >= 500) {
    options.log.error((error as Error).stack ?? String(error), { requestId });
  }
  if (path === "/score" || path.endsWith("/infer"))
    options.metrics.observeRequest("", answer.status, 0);
  return path.startsWith("/v2") ? asV2Fault(answer) : answer;
}

function refusalOf(error: unknown): ScoringResponse {
  return error instanceof NoRoom ? OVERLOAD_RESPONSE : errorResponse(error);
}

/** At the first question mark. */
function splitUrl(url: string): readonly [string, string] {
  const mark = url.indexOf("?");
  return mark < 0 ? [url, ""] : [url.slice(0, mark), url.slice(mark + 1)];
}

function reads({ method }: HttpRequest): boolean {
  return method === "GET" || method === "HEAD";
}

const READING = ["GET", "HEAD"];
async function answerV2(options: HttpFrontOptions, exchange: Exchange): Promise<ScoringResponse> {
  const { request, path, share } = exchange;
  const route = v2Route(options.v2, path);
  if (route.kind === "page") {
    return reads(request) || route.page.status === 404
      ? route.page
      : v2NotAllowed(request, READING);
  }
  if (request.method !== "POST") return v2NotAllowed(request, ["POST"]);
  if (route.kind === "posted") {
    const body = await readBody(request, { limitBytes: options.bodyLimits.each(undefined), share });
    return route.page(Buffer.from(body).toString());
  }
  const { model, deployment } = route;
  const answer = await scoreBody(options, exchange, {
    protocol: { kind: "oip", model },
    deployment,
  });
  return compress(asV2Fault(answer), request.headers["accept-encoding"]);
}

async function answerPage(
  options: HttpFrontOptions,
  { request, path, query }: Exchange,
): Promise<ScoringResponse> {
  const { pages } = options;
  const { notAllowed, notFound } = conventionsOf(options);
  const asked = request.headers["azureml-model-deployment"];
  const deployment = typeof asked === "string" ? asked : undefined;
  if (reads(request)) {
    const page = await pageAt(pages, { path, query, deployment });
    if (page !== undefined) return page;
  } else if (PAGES.has(path)) return notAllowed(request.method ?? "", READING);
  return notFound(path);
}

/** The protocol has conventions of its own. */
function v2NotAllowed({ method = "" }: HttpRequest, allowed: readonly string[]) {
  return asV2Fault(OWN_CONVENTIONS.notAllowed(method, allowed));
}
