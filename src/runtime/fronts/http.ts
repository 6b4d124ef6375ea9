/** The HTTP front: requests in, envelopes to the scorer, answers out. */

import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

import type { Clock, Log } from "../../core/ports.ts";
import type { Scorer, ScoringResponse } from "../../core/scoring.ts";
import type { RuntimeMetrics } from "../runtime-metrics.ts";
import { errorResponse } from "../wire/fault.ts";
import { answerBrokenRequest } from "./broken-request.ts";
import { compress } from "./compress.ts";
import { OWN_CONVENTIONS } from "./conventions.ts";
import type { Conventions } from "./conventions.ts";
import { createDrain } from "./drain.ts";
import type { Drain } from "./drain.ts";
import { envelopeOf } from "./envelope.ts";
import { listen } from "./listen.ts";
import { pageAt } from "./pages.ts";
import type { PageOptions } from "./pages.ts";
import { sendAnswer } from "./send.ts";
import { v2Fault, v2Route } from "./v2.ts";
import type { V2Options } from "./v2.ts";

export type HttpFrontOptions = {
  readonly scorer: Scorer;
  readonly pages: PageOptions;
  /** Its own where absent. */
  readonly conventions?: Conventions;
  readonly v2: V2Options;
  /** Lets a request with this Authorization header in. @throws ScoringError AUTH_* */
  readonly admit: (authorization: string | undefined) => void;
  readonly metrics: Pick<RuntimeMetrics, "observeRequest">;
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

export function createHttpFront(options: HttpFrontOptions): HttpFront {
  const server = createServer({
    // A slow or silent sender is cut off; bodies have the time a thin link needs.
    headersTimeout: 15_000,
    requestTimeout: 300_000,
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: 75_000,
  });
  const drain = createDrain(server);
  server.on("request", (request, response) => void serve(options, drain, { request, response }));
  server.on("clientError", (error, socket) =>
    answerBrokenRequest(error, socket, options.createId()),
  );
  return {
    start: () => listen(server, options.host, options.port),
    stop: drain.finish,
  };
}

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

async function serve(
  options: HttpFrontOptions,
  drain: Drain,
  { request, response }: Exchange,
): Promise<void> {
  drain.enter(response);
  const { ids: idsOf, finish } = conventionsOf(options);
  const ids = idsOf(request.headers, options.createId);
  let answer: ScoringResponse;
  if (ids.ok) {
    const given = await answerTo(options, { request, response, requestId: ids.requestId });
    answer = finish(request, given);
  } else answer = tooLongId(ids.message);
  // After a body that was not read to its end the rest of it would be read as the next request.
  const close = drain.begun() || !request.complete;
  sendAnswer(response, answer, { ids: ids.headers, close });
}

function conventionsOf({ conventions }: HttpFrontOptions): Conventions {
  return conventions ?? OWN_CONVENTIONS;
}

/** @source azureml-contract 4.6 */
function tooLongId(message: string): ScoringResponse {
  return {
    status: 431,
    headers: { "content-type": "application/json" },
    body: Buffer.from(`{"message": ${JSON.stringify(message)}}`),
  };
}

type Asked = Exchange & { readonly requestId: string };

/** Never rejects: what goes wrong is an answer. */
async function answerTo(options: HttpFrontOptions, asked: Asked): Promise<ScoringResponse> {
  const [path = "/", query = ""] = splitUrl(asked.request.url ?? "/");
  const isV2 = path.startsWith("/v2");
  try {
    admit(options, asked.request, path);
    if (path === "/score") return await answerScore(options, asked, query);
    const answer = isV2
      ? await answerV2(options, asked, path)
      : await answerPage(options, asked.request, { path, query });
    return answer;
  } catch (error) {
    const answer = errorResponse(error);
    if (answer.status >= 500) {
      options.log.error((error as Error).stack ?? String(error), { requestId: asked.requestId });
    }
    return isV2 ? asV2Fault(answer) : answer;
  }
}

/** At the first question mark. */
function splitUrl(url: string): readonly [string, string] {
  const mark = url.indexOf("?");
  return mark < 0 ? [url, ""] : [url.slice(0, mark), url.slice(mark + 1)];
}

function reads({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD";
}

function admit(options: HttpFrontOptions, request: IncomingMessage, path: string): void {
  if (reads(request) && OPEN_PATHS.has(path)) return;
  options.admit(request.headers.authorization);
}

const READING = ["GET", "HEAD"];
const SCORE = { kind: "score" } as const;

async function answerScore(
  options: HttpFrontOptions,
  { request, response, requestId }: Asked,
  query: string,
): Promise<ScoringResponse> {
  const { scoreMethods, encodedBodies } = conventionsOf(options);
  const { method = "" } = request;
  if (!scoreMethods.includes(method)) return notAllowed(options, request, scoreMethods);
  const { maxBodyBytes } = options;
  const start = options.clock.monotonic();
  let answer: ScoringResponse;
  try {
    const envelope = { protocol: SCORE, requestId, query, maxBodyBytes, encodedBodies };
    answer = await options.scorer.score(await envelopeOf(request, response, envelope));
  } catch (error) {
    // Counted as well: the body was not to be had.
    answer = errorResponse(error);
  }
  observe(options, answer, start);
  return answer;
}

function observe(
  { metrics, clock }: HttpFrontOptions,
  answer: ScoringResponse,
  start: number,
): void {
  const deployment = answer.headers["azureml-model-deployment"] ?? "";
  metrics.observeRequest(deployment, answer.status, clock.monotonic() - start);
}

async function answerV2(
  options: HttpFrontOptions,
  { request, response, requestId }: Asked,
  path: string,
): Promise<ScoringResponse> {
  const route = v2Route(options.v2, path);
  if (route.kind === "page") {
    return reads(request) || route.page.status === 404
      ? route.page
      : v2NotAllowed(request, READING);
  }
  if (request.method !== "POST") return v2NotAllowed(request, ["POST"]);
  const start = options.clock.monotonic();
  const { maxBodyBytes } = options;
  const protocol = route.kind === "infer" ? { kind: "oip" as const, model: route.model } : SCORE;
  const pin =
    route.kind === "infer" && route.deployment !== undefined
      ? { deployment: route.deployment }
      : {};
  const envelope = await envelopeOf(request, response, {
    protocol,
    ...pin,
    requestId,
    query: "",
    maxBodyBytes,
  });
  if (route.kind === "posted") return route.page(Buffer.from(envelope.body).toString());
  const answer = await options.scorer.score(envelope);
  observe(options, answer, start);
  return compress(asV2Fault(answer), request.headers["accept-encoding"]);
}

/** The protocol has an error of its own form. */
function asV2Fault(answer: ScoringResponse): ScoringResponse {
  if (answer.status < 400 || !(answer.body instanceof Uint8Array) || answer.body.length === 0) {
    return answer;
  }
  const { error } = JSON.parse(Buffer.from(answer.body).toString()) as { error: unknown };
  if (typeof error === "string") return answer;
  const { message } = error as { message: string };
  const { body } = v2Fault(answer.status, message);
  return { ...answer, body };
}

async function answerPage(
  options: HttpFrontOptions,
  request: IncomingMessage,
  { path, query }: { readonly path: string; readonly query: string },
): Promise<ScoringResponse> {
  const asked = request.headers["azureml-model-deployment"];
  const deployment = typeof asked === "string" ? asked : undefined;
  const page = reads(request)
    ? await pageAt(options.pages, { path, query, deployment })
    : undefined;
  if (page !== undefined) return page;
  const exists =
    !reads(request) && pageAt(options.pages, { path, query: "", deployment }) !== undefined;
  return exists ? notAllowed(options, request, READING) : conventionsOf(options).notFound(path);
}

function notAllowed(
  options: HttpFrontOptions,
  { method = "" }: IncomingMessage,
  allowed: readonly string[],
): ScoringResponse {
  return conventionsOf(options).notAllowed(method, allowed);
}

/** The protocol has conventions of its own. */
function v2NotAllowed({ method = "" }: IncomingMessage, allowed: readonly string[]) {
  return asV2Fault(OWN_CONVENTIONS.notAllowed(method, allowed));
}
