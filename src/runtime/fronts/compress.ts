/** Answers of the Open Inference Protocol compressed, where the client asks for it. */

import { promisify } from "node:util";
import { deflate, gzip } from "node:zlib";

import type { ScoringResponse } from "../../core/scoring.ts";

/** Below it a packet is not shorter for it. */
const MIN_BYTES = 1024;
/** Numbers gain little from more effort. */
const LEVEL = 1;

const ENCODERS = { gzip: promisify(gzip), deflate: promisify(deflate) };

export async function compress(
  answer: ScoringResponse,
  accepted: string | string[] | undefined,
): Promise<ScoringResponse> {
  const { body } = answer;
  if (!(body instanceof Uint8Array) || body.length < MIN_BYTES) return answer;
  const accepts = String(accepted ?? "").toLowerCase();
  const encoding = (["gzip", "deflate"] as const).find((name) => isAccepted(accepts, name));
  if (encoding === undefined) return answer;
  const packed = await ENCODERS[encoding](body, { level: LEVEL });
  return {
    ...answer,
    headers: { ...answer.headers, "content-encoding": encoding, vary: "accept-encoding" },
    body: packed,
  };
}

/** Listed, and not with a weight of 0. @source RFC 9110 12.5.3 */
function isAccepted(accepts: string, encoding: string): boolean {
  return accepts.split(",").some((part) => {
    const [name, ...parameters] = part.split(";").map((text) => text.trim());
    return name === encoding && !parameters.some((text) => /^q=0(?:\.0*)?$/.test(text));
  });
}
