/** How does the inference server behave at its routes, beside what the script answers? @source azureml-contract 4.6, 4.7 */

import type { ScoringResponse } from "../../../core/scoring.ts";
import type { Conventions } from "./conventions.ts";
import { crossOriginHeaders } from "./cross-origin.ts";
import type { RequestHeaders, RequestIds } from "./request-id.ts";

export type ScriptConventions = {
  /** Origins of other sites that may read the answers; `*` for any. */
  readonly origins: readonly string[];
  /** Whether answers tell the version of the server whose manners these are. */
  readonly tellVersion: boolean;
};

const SERVER_VERSION = "azmlinfsrv/1.5.1";
const ID_LIMIT = 100;
const NOT_FOUND =
  "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.";

/** What the server itself answers: the rest bypasses its headers. */
const ROUTES = new Set(["/", "/score", "/swagger.json"]);

export function scriptConventions({ origins, tellVersion }: ScriptConventions): Conventions {
  const version = tellVersion ? { "x-ms-server-version": SERVER_VERSION } : {};
  const home = { "content-type": "text/html; charset=utf-8", ...version };
  return {
    scoreMethods: ["GET", "POST", "OPTIONS"],
    encodedBodies: true,
    ids: scriptRequestIds,
    notFound: () => fault(404, NOT_FOUND, {}),
    notAllowed: (_method, allowed) =>
      fault(405, "The method is not allowed for the requested URL.", { allow: allowed.join(", ") }),
    finish: (asked, given) => {
      const { url = "/" } = asked;
      const mark = url.indexOf("?");
      const path = mark < 0 ? url : url.slice(0, mark);
      const answer = path === "/" && asked.method === "OPTIONS" ? whatHomeAllows(given) : given;
      // A wrong method never gets as far as the server's own headers.
      if (!ROUTES.has(path) || answer.status === 405) return answer;
      const headers = { ...answer.headers, ...(path === "/" ? home : version) };
      if (origins.length === 0) return { ...answer, headers };
      return { ...answer, headers: { ...headers, ...crossOriginHeaders(origins, asked) } };
    },
  };
}

/** The web framework answers for the routes that do not. */
function whatHomeAllows(given: ScoringResponse): ScoringResponse {
  if (given.status !== 405) return given;
  return { status: 200, headers: { allow: "GET, HEAD, OPTIONS" }, body: new Uint8Array() };
}

function fault(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>>,
): ScoringResponse {
  return {
    status,
    headers: {
      "content-type": "application/json",
      "x-ms-run-function-failed": "False",
      ...headers,
    },
    body: Buffer.from(`{"message": ${JSON.stringify(message)}}`),
  };
}

/** `x-ms-request-id` once was both ids, and is still answered. */
function scriptRequestIds(headers: RequestHeaders, createId: () => string): RequestIds {
  const text = (name: string): string => {
    const value = headers[name];
    return typeof value === "string" ? value : "";
  };
  const requestId = text("x-request-id") || createId();
  if (requestId.length > ID_LIMIT) {
    return {
      ok: false,
      message: `x-request-id must not exceed ${ID_LIMIT} characters`,
      headers: {},
    };
  }
  const legacy = text("x-ms-request-id");
  const client = text("x-ms-client-request-id") || legacy;
  if (legacy.length > ID_LIMIT || client.length > ID_LIMIT) {
    const message = `x-ms-request-id and x-ms-client-request-id must not exceed ${ID_LIMIT} characters`;
    return { ok: false, message, headers: { "x-request-id": requestId } };
  }
  const trace = text("traceid");
  return {
    ok: true,
    requestId,
    headers: {
      "x-request-id": requestId,
      "x-ms-request-id": legacy || client || requestId,
      ...(client !== "" && { "x-ms-client-request-id": client }),
      ...(trace !== "" && { traceid: trace }),
    },
  };
}
