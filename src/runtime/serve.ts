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
import { conventionsFor } from "./endpoint-conventions.ts";
import { createServing } from "./serving.ts";
import type { ScriptHost, Serving } from "./serving.ts";
import { runtimeVersion } from "./version.ts";
import { faultResponse } from "./wire/fault.ts";

export type ServeOptions = {
  readonly endpoint: ResolvedEndpoint;
  readonly host: string;
  readonly port: number;
  /** Where `/metrics` stands alone and open; without it nowhere. */
  readonly metricsPort?: number;
  readonly auth: AuthOptions;
  readonly log: Log;
  readonly clock: Clock;
  /** For deployments with a script; absent where there is none. */
  readonly scripts?: Omit<ScriptHost, "memoryBytes">;
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
/** Of a script's process without a limit of its own, so that the runtime itself has room. */
const SCRIPT_MEMORY_SHARE = 0.8;
/** As an image has it. */
const DEBIANS_PYTHON: Omit<ScriptHost, "memoryBytes"> = {
  python: () => "/usr/bin/python3",
  env: {},
  onFailedStart: "throw",
};
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
  const scripts = {
    ...(options.scripts ?? DEBIANS_PYTHON),
    memoryBytes: Math.floor(limits.memoryBytes * SCRIPT_MEMORY_SHARE),
  };

  const metrics = createMetrics();
  const runtimeMetrics = createRuntimeMetrics(
    metrics,
    endpoint.deployments.map(({ name }) => name),
  );
  const servings = endpoint.deployments.map((deployment) =>
    createServing(deployment, { endpoint, metrics: runtimeMetrics, clock, log, scripts }),
  );
  const router = createRouter({
    deployments: Object.fromEntries(servings.map(({ name, admission }) => [name, admission])),
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
  const front = createHttpFront({
    scorer: router,
    conventions: conventionsFor(endpoint),
    pages: {
      ready,
      renderMetrics: metrics.render,
      stats: () => ({
        traffic: router.traffic(),
        deployments: servings.map((serving) => serving.stats()),
      }),
      openApi: createOpenApiPage({
        ...endpoint,
        deployments: endpoint.deployments.map((each, index) => ({
          ...each,
          ...describeOf(servings[index]),
        })),
        secured: auth.mode !== "none",
        scorer: router,
      }),
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
  const stop = async (): Promise<void> => {
    log.info("stopping");
    await front.stop(GRACE_MS);
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
  return { url, ...(metricsUrl !== undefined && { metricsUrl }), router, setKeys, stop };
}

function describeOf(serving: Serving | undefined): Pick<Serving, "describe"> {
  return serving?.describe === undefined ? {} : { describe: serving.describe };
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
