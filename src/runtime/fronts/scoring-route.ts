/** A scoring request over HTTP: its body read, scored and counted. */

import type { Cancellation } from "../../core/cancellation.ts";
import type { Clock } from "../../core/ports.ts";
import type { Protocol, Scorer, ScoringResponse } from "../../core/scoring.ts";
import type { RuntimeMetrics } from "../metrics/runtime-metrics.ts";
import { readBody, readRaw } from "./requests/body.ts";
import type { BodyLimits } from "./requests/body.ts";
import type { BodyShare } from "./requests/body-room.ts";
import { OWN_CONVENTIONS } from "./conventions/conventions.ts";
import type { Conventions } from "./conventions/conventions.ts";
import { envelopeOf } from "./requests/envelope.ts";
import type { HttpRequest } from "./requests/http-request.ts";

export type ScoringRouteOptions = {
  readonly scorer: Scorer;
  /** Its own where absent. */
  readonly conventions?: Conventions;
  readonly metrics: Pick<RuntimeMetrics, "observeRequest">;
  readonly clock: Clock;
  readonly bodyLimits: BodyLimits;
};

/** One request on its way to its answer. */
export type Exchange = {
  readonly request: HttpRequest;
  readonly path: string;
  readonly query: string;
  readonly requestId: string;
  readonly cancellation: Cancellation;
  /** What its body takes until it is answered. */
  readonly share: BodyShare;
};

export function conventionsOf({
  conventions,
}: Pick<ScoringRouteOptions, "conventions">): Conventions {
  return conventions ?? OWN_CONVENTIONS;
}

/** As nginx counts who went away before the answer. */
export const CLIENT_GONE = 499;

const SCORE = { kind: "score" } as const;

export function answerScore(
  options: ScoringRouteOptions,
  exchange: Exchange,
): ScoringResponse | Promise<ScoringResponse> {
  const { scoreMethods, notAllowed } = conventionsOf(options);
  const { method = "" } = exchange.request;
  if (!scoreMethods.includes(method)) return notAllowed(method, scoreMethods);
  return scoreBody(options, exchange, { protocol: SCORE });
}

/** At any route whose body goes to a model. */
export async function scoreBody(
  options: ScoringRouteOptions,
  { request, query, requestId, cancellation, share }: Exchange,
  {
    protocol,
    deployment,
  }: { readonly protocol: Protocol; readonly deployment?: string | undefined },
): Promise<ScoringResponse> {
  const { scorer, metrics, clock, bodyLimits } = options;
  const start = clock.monotonic();
  const asked = deployment ?? request.headers["azureml-model-deployment"];
  const read = conventionsOf(options).encodedBodies ? readRaw : readBody;
  const limitBytes = bodyLimits.each(typeof asked === "string" ? asked : undefined);
  const body = await read(request, { limitBytes, share });
  const answer = await scorer.score(
    envelopeOf(request, { protocol, deployment, requestId, query, body, cancellation }),
  );
  const by = answer.headers["azureml-model-deployment"] ?? "";
  // Nobody has seen the answer of one that went away; a late one has seen its 408.
  const gone = cancellation.cancelled && !cancellation.timedOut;
  metrics.observeRequest(by, gone ? CLIENT_GONE : answer.status, clock.monotonic() - start);
  return answer;
}
