/** Faults as responses: the one place where a code's kind becomes an HTTP status. */

import { CODES } from "../../core/codes.ts";
import type { Code, Kind } from "../../core/codes.ts";
import { ScoringError } from "../../core/problem.ts";
import type { ScoringResponse } from "../../core/scoring.ts";

const STATUS = {
  "bad-input": 400,
  "too-large": 413,
  "not-found": 404,
  "not-allowed": 405,
  unauthorized: 401,
  "not-ready": 424,
  timeout: 408,
  conflict: 409,
  overload: 429,
  refused: 424,
  bug: 500,
} as const satisfies Record<Kind, number>;

/** What Azure's front end says beside a status. @source azureml-contract 3.3, 3.4 */
const REASON_HEADER = "ms-azureml-model-error-reason";
const REASONS: Readonly<Partial<Record<Code, string>>> = {
  ENGINE_NOT_READY: "model_not_ready",
  ENGINE_STOPPED: "model_not_ready",
};

/** No room to wait, or waited too long: empty, as Azure answers it, and cheap. */
export const OVERLOAD_RESPONSE: ScoringResponse = {
  status: 429,
  headers: { "content-type": "text/plain", [REASON_HEADER]: "too_many_pending_request" },
  body: new Uint8Array(0),
};

export function faultResponse(code: Code, message: string): ScoringResponse {
  const reason = REASONS[code];
  const status = STATUS[CODES[code].kind];
  return {
    status,
    headers: {
      "content-type": "application/json",
      ...(reason !== undefined && { [REASON_HEADER]: reason }),
      ...(status === 401 && { "www-authenticate": "Bearer" }),
    },
    body: Buffer.from(JSON.stringify({ error: { code, message } })),
  };
}

/** Anything that was thrown while a request was served; what is not the request's fault stays hidden. */
export function errorResponse(error: unknown): ScoringResponse {
  if (error instanceof ScoringError) return faultResponse(error.code, error.message);
  return faultResponse(
    "BUG",
    "an unexpected error; the runtime's log has it under this request's id",
  );
}
