/** Is a client who it says it is? Shared access signatures as IoT Hub checks them. */

import { createHmac, timingSafeEqual } from "node:crypto";

const PREFIX = "SharedAccessSignature ";

/** The text that a key signs: the encoded resource and when the token ends, in s since the epoch. */
function sign(key: Uint8Array, resource: string, expiresAt: string): string {
  return createHmac("sha256", key).update(`${resource}\n${expiresAt}`).digest("base64");
}

type Resource = {
  readonly hub: string;
  readonly device: string;
  readonly module: string;
};

export type TokenOptions = {
  readonly key: Uint8Array;
  readonly resource: Resource;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
};

export function renderToken({ key, resource, expiresAt }: TokenOptions): string {
  const sr = encodeURIComponent(pathOf(resource));
  const signature = encodeURIComponent(sign(key, sr, String(expiresAt)));
  return `${PREFIX}sr=${sr}&sig=${signature}&se=${expiresAt}`;
}

/** What is wrong with a token; `undefined` where nothing is. @param nowMs since the epoch */
export function tokenFault(
  token: string,
  { key, resource }: Pick<TokenOptions, "key" | "resource">,
  nowMs: number,
): string | undefined {
  if (!token.startsWith(PREFIX)) return "it is no shared access signature";
  const fields = new Map(
    token
      .slice(PREFIX.length)
      .split("&")
      .map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
  const sr = fields.get("sr") ?? "";
  const se = fields.get("se") ?? "";
  if (decoded(sr).toLowerCase() !== pathOf(resource).toLowerCase()) {
    return `it is for ${decoded(sr).slice(0, 200)}, not for ${pathOf(resource)}`;
  }
  const given = Buffer.from(decoded(fields.get("sig") ?? ""));
  const expected = Buffer.from(sign(key, sr, se));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return "its signature is wrong";
  }
  return Number(se) * 1000 > nowMs ? undefined : "it has expired";
}

/** Milliseconds since the epoch. */
export function tokenEnd(token: string): number {
  return Number(/[&\s]se=(?<end>\d+)/.exec(token)?.groups?.["end"] ?? 0) * 1000;
}

function pathOf({ hub, device, module }: Resource): string {
  return `${hub}/devices/${device}/modules/${module}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
