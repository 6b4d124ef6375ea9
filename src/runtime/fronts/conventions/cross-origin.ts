/** Which headers let a page of another site read an answer? @source azureml-contract 4.7; fetch.spec.whatwg.org */

import type { RequestHeaders } from "./request-id.ts";

const METHODS = ["GET", "POST"];

/** @param origins those that may, `*` for any */
export function crossOriginHeaders(
  origins: readonly string[],
  { method, headers }: { readonly method?: string | undefined; readonly headers: RequestHeaders },
): Readonly<Record<string, string>> {
  const origin = headers["origin"];
  const allowed = allowedOrigin(origins, typeof origin === "string" ? origin : undefined);
  if (allowed === undefined) return {};
  const shared = {
    "access-control-allow-origin": allowed,
    // A cache must not give one site's answer to another.
    ...(allowed === "*" ? {} : { vary: "Origin" }),
  };
  const asked = headers["access-control-request-method"];
  if (method !== "OPTIONS" || typeof asked !== "string" || !METHODS.includes(asked)) return shared;
  const wanted = headers["access-control-request-headers"];
  return {
    ...shared,
    ...(typeof wanted === "string" && { "access-control-allow-headers": wanted }),
    "access-control-allow-methods": METHODS.join(", "),
  };
}

/** A request without an origin gets the first one there is. */
function allowedOrigin(origins: readonly string[], origin: string | undefined): string | undefined {
  if (origins.includes("*")) return origin ?? "*";
  if (origin === undefined) return origins.toSorted()[0];
  return origins.find((each) => each.toLowerCase() === origin.toLowerCase()) && origin;
}
