/** Whose manners does the HTTP front have? Its own, or those of the server that scripts were written for. */

import type { ScoringResponse } from "../../../core/scoring.ts";
import { faultResponse } from "../../wire/fault.ts";
import { requestIds } from "./request-id.ts";
import type { RequestHeaders, RequestIds } from "./request-id.ts";

export type Conventions = {
  /** Allowed at `/score`. */
  readonly scoreMethods: readonly string[];
  /** Whether a body with a content encoding is handed on as it is, instead of refused. */
  readonly encodedBodies: boolean;
  readonly ids: (headers: RequestHeaders, createId: () => string) => RequestIds;
  readonly notFound: (path: string) => ScoringResponse;
  readonly notAllowed: (method: string, allowed: readonly string[]) => ScoringResponse;
  /** The last word on the answer of a route; answers without one do not come by. */
  readonly finish: (asked: Asked, answer: ScoringResponse) => ScoringResponse;
};

export type Asked = {
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly headers: RequestHeaders;
};

export const OWN_CONVENTIONS: Conventions = {
  scoreMethods: ["POST"],
  encodedBodies: false,
  ids: requestIds,
  notFound: (path) => faultResponse("ROUTE_UNKNOWN", `there is nothing at ${path.slice(0, 200)}`),
  notAllowed: (method, allowed) => {
    const allow = allowed.join(", ");
    const fault = faultResponse("ROUTE_METHOD", `${method} is not allowed here, allowed: ${allow}`);
    return { ...fault, headers: { ...fault.headers, allow } };
  },
  finish: (_asked, answer) => answer,
};
