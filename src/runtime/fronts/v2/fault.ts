/** Errors of the Open Inference Protocol: `{"error": text}`, whoever refused. */

import type { ScoringResponse } from "../../../core/scoring.ts";
import { jsonPage } from "../pages.ts";

/** Of a text that is no JSON, so much is shown. */
const MAX_TEXT = 1000;

export function v2Fault(status: number, message: string): ScoringResponse {
  return jsonPage({ error: message }, status);
}

/** The same refusal in the protocol's form; a good answer, an empty one and a stream stay as they are. */
export function asV2Fault(answer: ScoringResponse): ScoringResponse {
  const { status, headers, body } = answer;
  if (status < 400 || !(body instanceof Uint8Array) || body.length === 0) return answer;
  const fault = v2Fault(status, messageOf(Buffer.from(body).toString()));
  return { ...answer, headers: { ...headers, ...fault.headers }, body: fault.body };
}

/** Ours is `{"error": {"message"}}`, a script's `{"message"}`, or anything it likes. */
function messageOf(text: string): string {
  try {
    const { error, message } = JSON.parse(text) as { error?: unknown; message?: unknown };
    const found =
      typeof error === "object" && error !== null
        ? (error as { message?: unknown }).message
        : error;
    for (const words of [found, message]) if (typeof words === "string") return words;
  } catch {
    // Its words are the message.
  }
  return text.slice(0, MAX_TEXT);
}
