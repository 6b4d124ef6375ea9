/** A scoring request over HTTP as the envelope that the scorer takes. */

import type { IncomingMessage, ServerResponse } from "node:http";

import { Cancellation } from "../../core/cancellation.ts";
import type { Protocol, ScoringRequest } from "../../core/scoring.ts";
import { readBody, readRaw } from "./body.ts";

export type EnvelopeOptions = {
  readonly protocol: Protocol;
  /** Pinned by the address; else the header may name one. */
  readonly deployment?: string;
  readonly requestId: string;
  readonly query: string;
  readonly maxBodyBytes: number;
  /** Whether an encoded body is handed on as it is. */
  readonly encodedBodies?: boolean;
};

/** @throws ScoringError INPUT_TOO_LARGE, INPUT_FORM; Error when the sender goes away */
export async function envelopeOf(
  request: IncomingMessage,
  response: ServerResponse,
  options: EnvelopeOptions,
): Promise<ScoringRequest> {
  const { protocol, requestId, query, maxBodyBytes } = options;
  // Node joins repeated headers, but for set-cookie, which is none of a request's.
  const headers = request.headers as Readonly<Record<string, string>>;
  const deployment = options.deployment ?? headers["azureml-model-deployment"];
  const read = options.encodedBodies === true ? readRaw : readBody;
  const body = await read(request, maxBodyBytes);
  const cancellation = new Cancellation();
  response.once("close", () => {
    if (!response.writableFinished) cancellation.cancel("gone");
  });
  return {
    protocol,
    method: request.method ?? "POST",
    query,
    headers,
    body,
    ...(deployment !== undefined && { deployment }),
    requestId,
    cancellation,
  };
}
