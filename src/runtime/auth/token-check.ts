/** Is it a token that the endpoint's owner signed, for this endpoint, and still valid? Without a network. */

import { createHash, createPublicKey, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";

import type { Clock } from "../../core/ports.ts";
import { ScoringError, userError } from "../../core/problem.ts";
import type { Check } from "./guard.ts";

/** The one algorithm: a header that asks for another is refused, never followed. @source RFC 8037 */
const ALGORITHM = "EdDSA";
const SIGNATURE_BYTES = 64;
/** Tokens that were verified once, by hash: a signature costs more to check than a tiny model to run. */
const MAX_REMEMBERED = 64;

/** What is looked at of a header or of its claims. */
type Part = { readonly alg?: unknown; readonly aud?: unknown; readonly exp?: unknown };

/** @param publicKeys  raw Ed25519 keys, base64url; a token of any of them is taken */
export function tokenCheck(publicKeys: readonly string[], endpoint: string, clock: Clock): Check {
  const keys = publicKeys.map(parsePublicKey);
  /** Hash of a token → its end, in seconds. */
  const remembered = new Map<string, number>();
  return (credential) => {
    const id = createHash("sha256").update(credential).digest("base64");
    const expires = remembered.get(id) ?? verifiedEnd(credential, keys, endpoint);
    if (clock.now() / 1000 >= expires) {
      remembered.delete(id);
      throw new ScoringError("AUTH_EXPIRED", "the token has expired");
    }
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(id, expires);
  };
}

/** When a token with a good signature ends, in seconds since the epoch. */
function verifiedEnd(token: string, keys: readonly KeyObject[], endpoint: string): number {
  const [header = "", payload = "", signature = "", ...more] = token.split(".");
  const { alg } = parsePart(header);
  if (signature === "" || more.length > 0 || alg !== ALGORITHM) throw malformed();
  const bytes = Buffer.from(signature, "base64url");
  const signed = Buffer.from(`${header}.${payload}`);
  const good =
    bytes.length === SIGNATURE_BYTES && keys.some((key) => verify(null, signed, key, bytes));
  if (!good) throw new ScoringError("AUTH_WRONG", "the token's signature is not this endpoint's");
  const { aud, exp } = parsePart(payload);
  if (typeof exp !== "number") throw malformed();
  if (aud !== endpoint) {
    throw new ScoringError("AUTH_WRONG", "the token was made for another endpoint");
  }
  return exp;
}

function parsePart(part: string): Part {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Said below, as for any other text.
  }
  throw malformed();
}

function malformed(): ScoringError {
  return new ScoringError("AUTH_FORM", "the credential is not a token of edgewright");
}

function parsePublicKey(x: string): KeyObject {
  if (/^[\w-]{43}$/u.test(x)) {
    return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  }
  throw userError(
    "RUNTIME_SETTING",
    `a token's public key has ${x.length} characters, expected 43 of base64url`,
    { hint: "Take EDGEWRIGHT_TOKEN_KEY from the deployment manifest that build wrote." },
  );
}
