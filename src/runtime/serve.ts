/**
 * The story of the runtime: settings → log → resolved endpoint → engines → router → front → ready.
 * Whoever starts it (an image's entrypoint, `edgewright run`, a test) hands in the endpoint.
 */

import { randomUUID } from "node:crypto";

import type { Clock, Log } from "../core/ports.ts";
import { disableTelemetry } from "../model/onnxruntime.ts";
import type { ResolvedEndpoint } from "../spec/resolved.ts";
import { createGuard } from "./auth/guard.ts";
import type { AuthOptions } from "./auth/guard.ts";
import { createHttpFront } from "./fronts/http.ts";
import { createMetricsFront } from "./fronts/metrics-front.ts";
import { createOpenApiPage } from "./fronts/openapi-page.ts";
import { reportLimits } from "./limits.ts";
import { createMetrics } from "./metrics.ts";
import { watchDeployments } from "./metrics/deployments.ts";
import { watchMachine } from "./metrics/machine.ts";
<<<<<<< HEAD
=======
import { createRouter } from "./routing/router.ts";
>>>>>>> auth
import type { Router } from "./routing/router.ts";
import { createRuntimeMetrics } from "./runtime-metrics.ts";
import { createServedEndpoint } from "./served-endpoint.ts";

export type ServeOptions = {
  readonly endpoint: ResolvedEndpoint;
  readonly host: string;
  readonly port: number;
  /** Where `/metrics` stands alone and open; without it nowhere. */
  readonly metricsPort?: number;
  readonly auth: AuthOptions;
  readonly log: Log;
  readonly clock: Clock;
};

export type Running = {
  /** e.g. `http://127.0.0.1:5001` */
  readonly url: string;
  /** Of the port that serves `/metrics` alone. */
  readonly metricsUrl?: string;
  /** What may change while it runs: traffic and mirror. */
  readonly router: Router;
  /** Replaces what credentials are held against, at once. @throws UserError RUNTIME_SETTING */
  readonly setKeys: (keys: AuthOptions["keys"]) => void;
  /** Stops accepting, answers what has arrived, frees the engines. */
  readonly stop: () => Promise<void>;
};

/** What is left for a request once the end is asked for; edgeAgent kills after 10 s. */
const GRACE_MS = 8_000;
const MAX_BODY_BYTES = 100 * 1024 * 1024;

/**
 * Starts serving and resolves when every deployment is ready.
 *
 * @throws UserError where the address is taken or a model cannot be served
 */
export async function serve(options: ServeOptions): Promise<Running> {
  const { endpoint, host, port, metricsPort, auth, log, clock } = options;
  disableTelemetry();
  const guard = createGuard(auth, endpoint.name, clock);
  const limits = await reportLimits(endpoint.module, log);

  const metrics = createMetrics();
  const runtimeMetrics = createRuntimeMetrics(
    metrics,
    endpoint.deployments.map(({ name }) => name),
  );
<<<<<<< HEAD
  const served = createServedEndpoint({ endpoint, metrics: runtimeMetrics, clock, log });
  const { router, ready, stats } = served;
  watchDeployments(metrics, ready, served.states);
  watchMachine(metrics, limits, clock);
=======
  const servings = endpoint.deployments.map((deployment) =>
    createServing(deployment, { endpoint, metrics: runtimeMetrics, clock, log }),
  );
  const router = createRouter({
    deployments: Object.fromEntries(servings.map(({ name, admission }) => [name, admission])),
    traffic: Object.fromEntries(endpoint.deployments.map(({ name, traffic }) => [name, traffic])),
    ...(endpoint.mirror && { mirror: endpoint.mirror }),
    refuse: (message) => faultResponse("ROUTE_DEPLOYMENT", message),
  });
  let started = false;
  const ready = (): boolean => started && servings.every(({ backend }) => backend.ready());
  watchDeployments(metrics, ready, () => servings.map((serving) => serving.stats()));
  watchMachine(metrics, { limits, clock, version: runtimeVersion() });
>>>>>>> auth
  const front = createHttpFront({
    scorer: router,
    pages: {
      ready,
      stats,
      renderMetrics: metrics.render,
      openApi: createOpenApiPage({ ...endpoint, secured: auth.mode !== "none", scorer: router }),
    },
    v2: served.v2,
    admit: guard.admit,
    metrics: runtimeMetrics,
    log,
    clock,
    createId: randomUUID,
    host,
    port,
    maxBodyBytes: MAX_BODY_BYTES,
  });
  const metricsFront = createMetricsFront(metrics, host, metricsPort);
  const stop = async (): Promise<void> => {
    log.info("stopping");
    await front.stop(GRACE_MS);
    await router.close();
    await metricsFront.stop();
    log.info("stopped");
  };

  // Listening first: `/health/live` answers while models load, and a taken port is known at once.
  const url = await front.start();
  let metricsUrl: string | undefined;
  try {
<<<<<<< HEAD
    metricsUrl = await metricsFront?.start();
    if (metricsUrl !== undefined) log.info("metrics alone", { metricsUrl });
    await served.start();
=======
    metricsUrl = await metricsFront.start();
    await startAll(servings);
>>>>>>> auth
  } catch (error) {
    await stop();
    throw error;
  }
<<<<<<< HEAD
  log.info("ready", { endpoint: endpoint.name, deployments: endpoint.deployments.length, url });
  if (auth.mode !== "none" && auth.keys.length === 0) {
    log.warn(`auth_mode is ${auth.mode}, and no keys were handed in: every request gets 401`);
  }
  const { setKeys } = guard;
  return { url, ...(metricsUrl !== undefined && { metricsUrl }), router, setKeys, stop };
}
=======
  started = true;
  log.info("ready", { endpoint: endpoint.name, deployments: servings.length, url, metricsUrl });
  reportKeys(auth, log);
  const { setKeys } = guard;
  return { url, ...(metricsUrl !== undefined && { metricsUrl }), router, setKeys, stop };
}

/** The deployment with the most traffic speaks for the endpoint. */
function v2Options(
  { name, deployments }: ResolvedEndpoint,
  servings: readonly Serving[],
): V2Options {
  const described = deployments
    .toSorted((a, b) => b.traffic - a.traffic)
    .map((deployment) => {
      const serving = servings.find((known) => known.name === deployment.name);
      const { version = "1", signature } = deployment.model ?? {};
      return {
        name: deployment.name,
        version,
        ...(signature && { signature }),
        ready: () => serving?.backend.ready() ?? false,
      };
    });
  return { endpoint: name, serverVersion: runtimeVersion(), deployments: described };
}

function reportKeys({ mode, keys }: AuthOptions, log: Log): void {
  if (mode === "none" || keys.length > 0) return;
  log.warn(
    `auth_mode is ${mode}, and no keys were handed in: only health answers, the rest is 401`,
  );
}

async function startAll(servings: readonly Serving[]): Promise<void> {
  await Promise.all(servings.map(({ backend }) => backend.start()));
}

/** The device decides what holds: a kernel without a controller ignores a limit silently. */
async function reportLimits({ module }: ResolvedEndpoint, log: Log): Promise<Limits> {
  const limits = await readLimits();
  const { cpus, memoryBytes } = limits;
  log.info("limits in force", { cpus, memoryBytes });
  if (module.cpus !== null && cpus > module.cpus) {
    log.warn(`the spec's limit of ${module.cpus} CPUs is not in force here: ${cpus} can be used`);
  }
  if (module.memoryBytes !== null && memoryBytes > module.memoryBytes) {
    log.warn(
      `the spec's limit of ${module.memoryBytes} bytes of memory is not in force here: ${memoryBytes} can be used`,
    );
  }
  return limits;
}
>>>>>>> auth
