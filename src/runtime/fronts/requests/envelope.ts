/** A scoring request over HTTP as the envelope that the scorer takes. */

import type { IncomingMessage } from "node:http";

import type { Cancellation } from "../../../core/cancellation.ts";
import type { Protocol, ScoringRequest } from "../../../core/scoring.ts";

export type EnvelopeOptions = {
  readonly protocol: Protocol;
  /** Pinned by the address; else the header may name one. */
  readonly deployment?: string | undefined;
  readonly requestId: string;
  readonly query: string;
  readonly body: Uint8Array;
  readonly cancellation: Cancellation;
};

export function envelopeOf(request: IncomingMessage, options: EnvelopeOptions): ScoringRequest {
  const { protocol, requestId, query, body, cancellation } = options;
  // Node joins repeated headers, but for set-cookie, which is none of a request's.
  const headers = request.headers as Readonly<Record<string, string>>;
  const deployment = options.deployment ?? headers["azureml-model-deployment"];
  const method = request.method ?? "POST";
  const envelope = { protocol, method, query, headers, body, requestId, cancellation };
  return deployment === undefined ? envelope : { ...envelope, deployment };
}
