/** What is read of the deployments when the metrics are. */

import type { Metrics } from "./metrics.ts";

export type DeploymentState = {
  readonly name: string;
  /** Requests that wait for a slot now. */
  readonly waiting: number;
  /** Requests that hold a slot now. */
  readonly running: number;
  /** Requests that may hold a slot at once: the limit in force. */
  readonly slots: number;
};

export function watchDeployments(
  metrics: Metrics,
  ready: () => boolean,
  read: () => readonly DeploymentState[],
): void {
  metrics.gauge("edgewright_ready", "1 when every deployment can score.", () => [
    { labels: {}, value: ready() ? 1 : 0 },
  ]);
  const each = (value: (state: DeploymentState) => number) => () =>
    read().map((state) => ({ labels: { deployment: state.name }, value: value(state) }));
  metrics.gauge(
    "edgewright_queue_length",
    "Requests that wait for a slot.",
    each(({ waiting }) => waiting),
  );
  metrics.gauge(
    "edgewright_running_requests",
    "Requests that hold a slot.",
    each(({ running }) => running),
  );
  metrics.gauge(
    "edgewright_slots",
    "Requests that may hold a slot at once.",
    each(({ slots }) => slots),
  );
}
