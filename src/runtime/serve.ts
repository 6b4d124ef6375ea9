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
import { startEdgeModule } from "./edge-module.ts";
import type { EdgeModule } from "./edge-module.ts";
import { createHttpFront } from "./fronts/http.ts";
import type { V2Options } from "./fronts/v2.ts";
import { createMetricsFront } from "./fronts/metrics-front.ts";
import { createOpenApiPage } from "./fronts/openapi-page.ts";
import { readLimits } from "./limits.ts";
import type { Limits } from "./limits.ts";
import { createMetrics } from "./metrics.ts";
import type { Metrics } from "./metrics.ts";
import { watchDeployments } from "./metrics/deployments.ts";
import { watchBuild, watchLimits, watchProcess } from "./metrics/process.ts";
import { readThrottling, watchThrottling } from "./metrics/throttling.ts";
import { createRouter } from "./routing/router.ts";
import type { Router } from "./routing/router.ts";
import { createRuntimeMetrics } from "./runtime-metrics.ts";
import { createServing } from "./serving.ts";
import type { Serving } from "./serving.ts";
import { runtimeVersion } from "./version.ts";
import { faultResponse } from "./wire/fault.ts";

export type ServeOptions = {
  readonly endpoint: ResolvedEndpoint;
  readonly host: string;
  readonly port: number;
  /** Where `/metrics` stands alone and open; without it nowhere. */
  readonly metricsPort?: number;
  readonly auth: AuthOptions;
  /** There where this is a module of an IoT Edge device; `folder`: its volume. */
  readonly edge?: { readonly folder?: string };
  /** Empty: as at the start. */
  readonly setLogLevel?: (level: string) => void;
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
  const limits = await reportLimits(endpoint, log);

  const metrics = createMetrics();
  const runtimeMetrics = createRuntimeMetrics(
    metrics,
    endpoint.deployments.map(({ name }) => name),
  );
  const servings = endpoint.deployments.map((deployment) =>
    createServing(deployment, { endpoint, metrics: runtimeMetrics, clock, log }),
  );
  const router = createRouter({
    deployments: Object.fromEntries(servings.map(({ name, door }) => [name, door])),
    traffic: Object.fromEntries(endpoint.deployments.map(({ name, traffic }) => [name, traffic])),
    ...(endpoint.mirror && { mirror: endpoint.mirror }),
    refuse: (message) => faultResponse("ROUTE_DEPLOYMENT", message),
  });
  let started = false;
  const ready = (): boolean => started && servings.every(({ backend }) => backend.ready());
  watchDeployments(metrics, ready, () =>
    servings.map(({ name, admission }) => ({
      name,
      waiting: admission.waiting(),
      running: admission.running(),
      slots: admission.slots(),
    })),
  );
  watchMachine(metrics, limits, clock);
  const stats = (): object => ({
    traffic: router.traffic(),
    deployments: servings.map((serving) => serving.stats()),
  });
  const front = createHttpFront({
    scorer: router,
    pages: {
      ready,
      renderMetrics: metrics.render,
      stats,
      openApi: createOpenApiPage({ ...endpoint, secured: auth.mode !== "none", scorer: router }),
    },
    v2: v2Options(endpoint, servings),
    admit: guard.admit,
    metrics: runtimeMetrics,
    log,
    clock,
    createId: randomUUID,
    host,
    port,
    maxBodyBytes: MAX_BODY_BYTES,
  });
  const metricsFront =
    metricsPort === undefined ? undefined : createMetricsFront(metrics, host, metricsPort);
  let edge: EdgeModule | undefined;
  const stop = async (): Promise<void> => {
    log.info("stopping");
    await Promise.all([front.stop(GRACE_MS), edge?.stop()]);
    await router.close();
    await metricsFront?.stop();
    log.info("stopped");
  };

  // Listening first: `/health/live` answers while models load, and a taken port is known at once.
  const url = await front.start();
  let metricsUrl: string | undefined;
  try {
    metricsUrl = await metricsFront?.start();
    if (metricsUrl !== undefined) log.info("metrics alone", { metricsUrl });
    await startAll(servings);
  } catch (error) {
    await stop();
    throw error;
  }
  started = true;
  log.info("ready", { endpoint: endpoint.name, deployments: servings.length, url });
  if (auth.mode !== "none" && auth.keys.length === 0) {
    log.warn(`auth_mode is ${auth.mode}, and no keys were handed in: every request gets 401`);
  }
  const { setKeys } = guard;
  const hands = { ...options, setKeys, router, servings, limits, ready, stats, metrics };
  if (options.edge !== undefined) edge = startEdgeModule({ ...hands, ...options.edge });
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

function watchMachine(metrics: Metrics, limits: Limits, clock: Clock): void {
  watchLimits(metrics, limits);
  watchThrottling(metrics, readThrottling);
  watchProcess(metrics, clock);
  watchBuild(metrics, { version: runtimeVersion(), node: process.versions.node });
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
