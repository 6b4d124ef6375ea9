/** `/metrics` alone on a port of its own, for collectors on the module's network: nothing else is here. */

import { createServer } from "node:http";

import type { Metrics } from "../metrics/metrics.ts";
import { listen } from "./listen.ts";

export type MetricsFront = {
  /** Where it listens, e.g. `http://127.0.0.1:9600`. @throws UserError RUNTIME_PORT */
  readonly start: () => Promise<string | undefined>;
  readonly stop: () => Promise<void>;
};

/** @source prometheus.io: docs/instrumenting/exposition_formats */
export const METRICS_TYPE = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };

/** @param port absent where there is to be none */
export function createMetricsFront(
  metrics: Pick<Metrics, "render">,
  host: string,
  port?: number,
): MetricsFront {
  if (port === undefined)
    return { start: () => Promise.resolve(undefined), stop: () => Promise.resolve() };
  const server = createServer(
    { headersTimeout: 15_000, requestTimeout: 15_000 },
    (request, response) => {
      const { method = "", url = "" } = request;
      if (url.split("?", 1)[0] !== "/metrics") response.writeHead(404).end();
      else if (method !== "GET" && method !== "HEAD")
        response.writeHead(405, { allow: "GET, HEAD" }).end();
      else response.writeHead(200, METRICS_TYPE).end(metrics.render());
    },
  );
  return {
    start: () => listen(server, host, port),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
