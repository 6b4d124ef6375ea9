/** What does a dashboard see of requests? Every family that fronts, admission and engines observe into. */

import type { Counter, Histogram, Metrics } from "../metrics.ts";

/**
 * Labels: `deployment` is the name of one that there is, "" where none took the request; so that
 * what strangers send can never make a series.
 */
export type RuntimeMetrics = {
  /** `{deployment, code}`: every answered scoring request, refused ones too. */
  readonly requests: Counter;
  /** `{deployment}`, seconds: from the head of a request to its answer. */
  readonly requestDuration: Histogram;
  /** `{deployment}`, seconds: of a request that got a slot, also when it had not to wait. */
  readonly queueWait: Histogram;
  /** `{deployment}`, seconds: one run of the model, however many requests it answers. */
  readonly runDuration: Histogram;
  /** `{deployment}`: requests that one run answers. */
  readonly batchSize: Histogram;
};

/** What is read of a deployment when the metrics are. */
export type DeploymentState = {
  readonly name: string;
  /** Requests that wait for a slot now. */
  readonly queueLength: number;
  /** Requests that may hold a slot at once. */
  readonly slots: number;
};

/** Seconds, from a tiny model to the slowest request that Azure allows. */
const SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 180,
];
const REQUESTS = [1, 2, 4, 8, 16, 32, 64];

export function createRuntimeMetrics(metrics: Metrics): RuntimeMetrics {
  return {
    requests: metrics.counter(
      "edgewright_requests_total",
      "Scoring requests by deployment and status code.",
    ),
    requestDuration: metrics.histogram(
      "edgewright_request_duration_seconds",
      "From the head of a scoring request to its answer.",
      SECONDS,
    ),
    queueWait: metrics.histogram(
      "edgewright_queue_wait_seconds",
      "How long requests waited for a slot.",
      SECONDS,
    ),
    runDuration: metrics.histogram(
      "edgewright_run_duration_seconds",
      "One run of the model.",
      SECONDS,
    ),
    batchSize: metrics.histogram(
      "edgewright_batch_size",
      "Requests that one run of the model answered together.",
      REQUESTS,
    ),
  };
}

export function watchDeployments(
  metrics: Metrics,
  ready: () => boolean,
  read: () => readonly DeploymentState[],
): void {
  metrics.gauge("edgewright_ready", "1 when every deployment can score.", () => [
    { labels: {}, value: ready() ? 1 : 0 },
  ]);
  const perDeployment = (value: (state: DeploymentState) => number) => () =>
    read().map((state) => ({ labels: { deployment: state.name }, value: value(state) }));
  metrics.gauge(
    "edgewright_queue_length",
    "Requests that wait for a slot.",
    perDeployment(({ queueLength }) => queueLength),
  );
  metrics.gauge(
    "edgewright_slots",
    "Requests that may run at once.",
    perDeployment(({ slots }) => slots),
  );
}
