/** What can be read at a path: health, statistics, metrics, the API's description. */

import type { ScoringResponse } from "../../core/scoring.ts";
import { METRICS_TYPE } from "./metrics-front.ts";
import type { OpenApiPage } from "./openapi-page.ts";

export type PageOptions = {
  readonly ready: () => boolean;
  readonly renderMetrics: () => string;
  readonly stats: () => unknown;
  readonly openApi: OpenApiPage;
};

export type PageRequest = {
  readonly path: string;
  readonly query: string;
  /** A deployment asked for by header. */
  readonly deployment: string | undefined;
};

const TEXT = { "content-type": "text/plain; charset=utf-8" };
const JSON_TYPE = { "content-type": "application/json" };

export const PAGES: ReadonlySet<string> = new Set([
  "/",
  "/health/live",
  "/health/ready",
  "/stats",
  "/metrics",
  "/swagger.json",
]);

/** undefined where there is no page. */
export function pageAt(
  options: PageOptions,
  { path, query, deployment }: PageRequest,
): ScoringResponse | Promise<ScoringResponse> | undefined {
  switch (path) {
    case "/":
      return { status: 200, headers: TEXT, body: Buffer.from("Healthy") };
    case "/health/live":
      return jsonPage({ live: true });
    case "/health/ready":
      return readiness({ ready: options.ready() });
    case "/stats":
      return jsonPage(options.stats());
    case "/metrics":
      return { status: 200, headers: METRICS_TYPE, body: Buffer.from(options.renderMetrics()) };
    case "/swagger.json":
      return options.openApi(query, deployment);
    default:
      return undefined;
  }
}

export function jsonPage(value: unknown, status = 200): ScoringResponse {
  return { status, headers: JSON_TYPE, body: Buffer.from(JSON.stringify(value)) };
}

/** 503 while something is not ready. */
export function readiness(state: { readonly ready: boolean }): ScoringResponse {
  return jsonPage(state, state.ready ? 200 : 503);
}
