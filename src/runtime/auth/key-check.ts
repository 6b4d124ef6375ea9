/** Is it one of the endpoint's keys? Known here by their SHA-256 hashes alone. */

import { createHash, timingSafeEqual } from "node:crypto";

import { ScoringError, userError } from "../../core/problem.ts";
import type { Check } from "./guard.ts";

/** @param hashes  64 hexadecimal digits each; all of them are valid at once */
export function keyCheck(hashes: readonly string[]): Check {
  const known = hashes.map(parseHash);
  return (credential) => {
    const given = createHash("sha256").update(credential).digest();
    let equal = false;
    // Every hash is looked at, so that the time tells neither where they differ nor which one fits.
    for (const hash of known) equal = timingSafeEqual(hash, given) || equal;
    if (!equal) throw new ScoringError("AUTH_WRONG", "the key is none of this endpoint's keys");
  };
}

/** The value stays out of the message: it may be a key that somebody forgot to hash. */
function parseHash(text: string): Buffer {
  if (/^[0-9a-f]{64}$/iu.test(text)) return Buffer.from(text, "hex");
  throw userError(
    "RUNTIME_SETTING",
    `a key hash has ${text.length} characters, expected the 64 hexadecimal digits of a SHA-256`,
    { hint: "Take EDGEWRIGHT_KEY_HASHES from the deployment manifest that build wrote." },
  );
}
