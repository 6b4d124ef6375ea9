/** Does a request keep the rules of HTTP/1.1 that a parser does not look at? Node's own answers say nothing. */

import type { IncomingMessage } from "node:http";

import type { ScoringResponse } from "../../../core/scoring.ts";
import { faultResponse } from "../../wire/fault.ts";

/** @source RFC 9110: 10.1.1 */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

/** The refusal of one that does not; older ones than HTTP/1.1 know neither rule. */
export function ruleFault(request: IncomingMessage): ScoringResponse | undefined {
  const { httpVersion, headers } = request;
  if (httpVersion !== "1.1") return undefined;
  if (headers.host === undefined)
    return faultResponse("REQUEST_HTTP", "the request has no Host header, HTTP/1.1 demands one");
  const { expect } = headers;
  if (expect === undefined || CONTINUE.test(expect)) return undefined;
  const message = `the request expects ${JSON.stringify(expect.slice(0, 40))}, only 100-continue is known`;
  return { ...faultResponse("REQUEST_EXPECT", message), status: 417 };
}
