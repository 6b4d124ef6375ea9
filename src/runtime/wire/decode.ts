/** From the raw body of a request to what it asks of the model, by content type and protocol. */

import { ScoringError } from "../../core/problem.ts";
import type { ScoringRequest } from "../../core/scoring.ts";
import type { Signature } from "../../core/tensors/signature.ts";
import { parseJsonRequest } from "./json/request.ts";
import { parseJson } from "./json/scanner.ts";
import { outputNames } from "./model-request.ts";
import type { ModelRequest } from "./model-request.ts";
import { parseOip } from "./oip.ts";
import { parseRawRequest } from "./raw-request.ts";

/** Where raw tensors follow the JSON, this header says how long the JSON is. */
export const HEADER_LENGTH = "inference-header-content-length";

export type EncodedRequest = Pick<ScoringRequest, "protocol" | "headers" | "body">;

/** @throws ScoringError INPUT_* with the reason */
export function decodeRequest(signature: Signature, request: EncodedRequest): ModelRequest {
  const { protocol, headers, body } = request;
  const single = isSingle(signature);
  const declared = headers[HEADER_LENGTH];
  if (declared !== undefined) {
    const length = parseHeaderLength(declared, body);
    if (length > 0) {
      const json = parseJson(body.subarray(0, length), single);
      return parseOip(signature, json, body.subarray(length));
    }
    const form = { kind: "oip", isBinary: () => true } as const;
    return { feeds: parseRawRequest(signature, body), outputs: outputNames(signature), form };
  }
  if (protocol.kind === "oip") return parseOip(signature, parseJson(body, single));
  if (headers["content-type"]?.toLowerCase().startsWith("application/octet-stream")) {
    const feeds = parseRawRequest(signature, body);
    return { feeds, outputs: outputNames(signature), form: { kind: "raw" } };
  }
  return parseJsonRequest(signature, parseJson(body, single));
}

/** Whether every number ends up in a float32 or less. */
function isSingle({ inputs }: Signature): boolean {
  for (const { type } of inputs) if (type !== "float32" && type !== "float16") return false;
  return true;
}

function parseHeaderLength(text: string, body: Uint8Array): number {
  const length = Number(text);
  if (/^\d{1,15}$/.test(text) && length <= body.length) return length;
  throw new ScoringError(
    "INPUT_FORM",
    `${HEADER_LENGTH} is ${text.slice(0, 40)}, expected at most the body's ${body.length} bytes`,
  );
}
