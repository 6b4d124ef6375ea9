/** How does a script's answer leave the endpoint? As Azure's front end lets it, or as it is. */

import type { ScoringResponse } from "../../../core/scoring.ts";
import type { Reply } from "./conversation.ts";

/** `azure`: everything but 200 is a 424 that tells the script's own status. */
export type StatusRule = "azure" | "pass-through";

export const RUN_FAILED =
  "An unexpected error occurred in scoring script. Check the logs for more info.";

export function scriptAnswer(reply: Reply, rule: StatusRule): ScoringResponse {
  if (reply.runMs !== undefined) return resultAnswer(reply.runMs, reply.body);
  const { headers, repeated } = headersOf(reply.headers);
  const response = { status: reply.status, headers, body: reply.body };
  const answer = rule === "azure" ? azureStatus(response) : response;
  return Object.keys(repeated).length === 0 ? answer : { ...answer, repeated };
}

/** @source azureml-contract 4.4 */
function resultAnswer(runMs: string, body: ScoringResponse["body"]): ScoringResponse {
  const headers = {
    "content-type": "application/json",
    "x-ms-run-function-failed": "False",
    "x-ms-run-fn-exec-ms": runMs,
  };
  return { status: 200, headers, body };
}

/** What the inference server says when a run did not come to its end. @source azureml-contract 4.5 */
export function runFault(message: string, rule: StatusRule): ScoringResponse {
  const response: ScoringResponse = {
    status: 500,
    headers: { "content-type": "application/json", "x-ms-run-function-failed": "True" },
    body: Buffer.from(`{"message": ${JSON.stringify(message)}}`),
  };
  return rule === "azure" ? azureStatus(response) : response;
}

/** @source azureml-contract 3.2, 3.4 */
function azureStatus(response: ScoringResponse): ScoringResponse {
  if (response.status === 200) return response;
  return {
    ...response,
    status: 424,
    headers: {
      ...response.headers,
      "ms-azureml-model-error-statuscode": String(response.status),
      "ms-azureml-model-error-reason": "model_error",
    },
  };
}

/** Those of one connection are not the script's to set: the body's length and form are ours. */
const OF_THE_CONNECTION = new Set([
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "trailer",
  "upgrade",
]);
const ILLEGAL_VALUE = /[^\t\u0020-\u007e\u0080-\u00ff]/g;
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;

function headersOf(pairs: Reply["headers"]): {
  readonly headers: Record<string, string>;
  readonly repeated: Record<string, readonly string[]>;
} {
  // A header may be called `constructor`.
  const headers = Object.create(null) as Record<string, string>;
  const repeated = Object.create(null) as Record<string, string[]>;
  for (const [given, text] of pairs) {
    const name = given.toLowerCase();
    if (OF_THE_CONNECTION.has(name) || !NAME.test(name)) continue;
    const value = text.replace(ILLEGAL_VALUE, "?");
    const before = headers[name];
    if (before !== undefined) {
      // Two types contradict each other: the first one is what the body is.
      if (name === "content-type") continue;
      repeated[name] = [...(repeated[name] ?? [before]), value];
    }
    headers[name] = value;
  }
  return { headers, repeated };
}
