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
  const names = new Set(
    String(accepted ?? "")
      .split(",")
      .map((part) => part.split(";")[0]?.trim()),
  );
  const encoding = (["gzip", "deflate"] as const).find((name) => names.has(name));
  if (encoding === undefined) return answer;
  const packed = await ENCODERS[encoding](body, { level: LEVEL });
  return { ...answer, headers: { ...answer.headers, "content-encoding": encoding }, body: packed };
}
