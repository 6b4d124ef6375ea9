/** A token that lets its bearer in for a while: made here, verified on the device without a network. */

import { createPrivateKey, sign } from "node:crypto";

import type { Credentials } from "./credentials.ts";

export type TokenRequest = {
  readonly endpoint: string;
  readonly lifetimeSeconds: number;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
};

/** Named as Azure's own answer names them; times in seconds since the epoch. @source azureml-contract 1.4 */
export type AccessToken = {
  readonly accessToken: string;
  readonly tokenType: "Bearer";
  readonly expiryTimeUtc: number;
  /** From here on a new one should be fetched: half of the lifetime is left for trying. */
  readonly refreshAfterTimeUtc: number;
};

/** A JWT with an Ed25519 signature. @source RFC 7519, RFC 8037 */
export function signToken({ signingKey }: Credentials, request: TokenRequest): AccessToken {
  const { endpoint, lifetimeSeconds, issuedAt } = request;
  const expires = issuedAt + lifetimeSeconds;
  const claims = { iss: "edgewright", aud: endpoint, iat: issuedAt, exp: expires };
  const signed = `${encode({ alg: "EdDSA", typ: "JWT" })}.${encode(claims)}`;
  const der = Buffer.from(signingKey, "base64");
  const key = createPrivateKey({ key: der, type: "pkcs8", format: "der" });
  return {
    accessToken: `${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`,
    tokenType: "Bearer",
    expiryTimeUtc: expires,
    refreshAfterTimeUtc: issuedAt + Math.ceil(lifetimeSeconds / 2),
  };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
