/** What are an endpoint's credentials, and which part of them may leave this machine? */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
} from "node:crypto";

import type { AuthMode } from "../spec/resolved.ts";

export type Credentials = {
  readonly primaryKey: string;
  readonly secondaryKey: string;
  /** Ed25519, PKCS#8, base64: signs tokens. */
  readonly signingKey: string;
};

export const CREDENTIAL_NAMES = ["primary", "secondary", "token"] as const;
export type CredentialName = (typeof CREDENTIAL_NAMES)[number];

const FIELDS = {
  primary: "primaryKey",
  secondary: "secondaryKey",
  token: "signingKey",
} as const satisfies Record<CredentialName, keyof Credentials>;

const KEY_BYTES = 32;

export function createCredentials(): Credentials {
  return { primaryKey: createKey(), secondaryKey: createKey(), signingKey: createSigningKey() };
}

/** The same with one of them made anew. */
export function rotateCredential(credentials: Credentials, name: CredentialName): Credentials {
  return { ...credentials, [FIELDS[name]]: name === "token" ? createSigningKey() : createKey() };
}

/** Letters and digits alone: no key looks like an option, and a double click selects it whole. */
function createKey(): string {
  return randomBytes(KEY_BYTES).toString("base64url").replace(/[-_]/gu, "x");
}

function createSigningKey(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  return privateKey.export({ type: "pkcs8", format: "der" }).toString("base64");
}

/**
 * What a device gets to hold credentials against: hashes of the keys, or the public key of tokens.
 * Nothing of it lets anybody in.
 */
export function publicParts(credentials: Credentials, mode: AuthMode): readonly string[] {
  switch (mode) {
    case "key":
      return [credentials.primaryKey, credentials.secondaryKey].map((key) =>
        createHash("sha256").update(key).digest("hex"),
      );
    case "aml_token":
      return [publicKeyOf(credentials)];
    case "none":
    case "aad_token":
      return [];
  }
}

function publicKeyOf({ signingKey }: Credentials): string {
  const der = Buffer.from(signingKey, "base64");
  const privateKey = createPrivateKey({ key: der, type: "pkcs8", format: "der" });
  return String(createPublicKey(privateKey).export({ format: "jwk" }).x);
}
