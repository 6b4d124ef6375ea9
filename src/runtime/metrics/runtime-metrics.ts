/** The runtime's own families of metrics: names, units and labels, in one place. */

import type { Metrics } from "./metrics.ts";

export type RuntimeMetrics = {
  readonly observeRequest: (deployment: string, code: number, ms: number) => void;
  readonly observeWait: (deployment: string, ms: number) => void;
  readonly observeRun: (deployment: string, ms: number, batch: number) => void;
  readonly observeMirrored: (deployment: string, code: number) => void;
};

/** Bounds in seconds, from a tiny model to the slowest one Azure allows. */
const SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 180,
];
const BATCHES = [1, 2, 4, 8, 16, 32, 64];

/** @param deployments whose series begin at zero: a rate needs a value before the first request */
export function createRuntimeMetrics(
  metrics: Metrics,
  deployments: readonly string[] = [],
): RuntimeMetrics {
  const requests = metrics.counter(
    "edgewright_requests_total",
    "Scoring requests by deployment and status code.",
  );
  const durations = metrics.histogram(
    "edgewright_request_duration_seconds",
    "From the request's head to its answer.",
    SECONDS,
  );
  const waits = metrics.histogram(
    "edgewright_queue_wait_seconds",
    "What granted requests waited for a slot.",
    SECONDS,
  );
  const runs = metrics.histogram(
    "edgewright_run_duration_seconds",
    "Runs of the model, seen from each request.",
    SECONDS,
  );
  const batches = metrics.histogram(
    "edgewright_batch_size",
    "Requests that one run answered together, seen from each of them.",
    BATCHES,
  );
  const mirrored = metrics.counter(
    "edgewright_mirrored_requests_total",
    "Copies of requests by the deployment that got them and its status code.",
  );
  const copies = remember((deployment) => remember((code) => mirrored({ deployment, code })));
  const asked = remember((deployment) => ({
    codes: remember((code) => requests({ deployment, code })),
    duration: durations({ deployment }),
  }));
  const granted = remember((deployment) => ({
    wait: waits({ deployment }),
    run: runs({ deployment }),
    batch: batches({ deployment }),
  }));
  for (const name of deployments) {
    asked(name).codes("200");
    granted(name);
  }
  return {
    observeRequest: (deployment, code, ms) => {
      const { codes, duration } = asked(deployment);
      codes(String(code)).add();
      duration.observe(ms / 1000);
    },
    observeWait: (deployment, ms) => granted(deployment).wait.observe(ms / 1000),
    observeMirrored: (deployment, code) => copies(deployment)(String(code)).add(),
    observeRun: (deployment, ms, batch) => {
      const { run, batch: size } = granted(deployment);
      run.observe(ms / 1000);
      size.observe(batch);
    },
  };
}

/** Makes what belongs to a name once. Names are those of deployments and codes: a handful. */
function remember<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    let value = made.get(name);
    if (value === undefined) {
      value = make(name);
      made.set(name, value);
    }
    return value;
  };
}
