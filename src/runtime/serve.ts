/**
 * The story of the runtime: settings → log → resolved endpoint → engines → router → front → ready.
 * Whoever starts it (an image's entrypoint, `edgewright run`, a test) hands in the endpoint.
 */

import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";

import { memoryProblems } from "../core/limits/body-limit.ts";
import type { Clock, Log } from "../core/ports.ts";
import { UserError } from "../core/problem.ts";
import type { ScoringResponse } from "../core/scoring.ts";
import { disableTelemetry } from "../model/onnxruntime.ts";
import { scoredDeployments } from "../spec/resolved.ts";
import type { ResolvedEndpoint } from "../spec/resolved.ts";
import { createBodyLimits } from "./deployments/body-limits.ts";
import { createGuard } from "./auth/guard.ts";
import type { AuthOptions } from "./auth/guard.ts";
import { startEdgeModule } from "./edge-module.ts";
import type { EdgeModule } from "./edge-module.ts";
import { createHttpFront } from "./fronts/http.ts";
import { createMetricsFront } from "./fronts/metrics-front.ts";
import { createOpenApiPage } from "./fronts/openapi-page.ts";
import type { PageOptions } from "./fronts/pages.ts";
import type { Jobs, JobSettings } from "./jobs.ts";
import { reportLimits } from "./limits.ts";
import { createMetrics } from "./metrics/metrics.ts";
import type { Metrics } from "./metrics/metrics.ts";
import { watchDeployments } from "./metrics/deployments.ts";
import { watchMachine } from "./metrics/machine.ts";
import type { Router } from "./routing/router.ts";
import { createRuntimeMetrics } from "./metrics/runtime-metrics.ts";
import { conventionsFor } from "./deployments/endpoint-conventions.ts";
import type { ScriptHost } from "./deployments/script-engine.ts";
import { createServedEndpoint } from "./deployments/served-endpoint.ts";
import type { ServedEndpoint } from "./deployments/served-endpoint.ts";
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
  /** For deployments with a script. */
  readonly scripts?: ScriptHost;
  /** For a batch endpoint, which takes jobs in place of scoring requests. */
  readonly jobs?: JobSettings;
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
  /** Loads a deployment's script again, at once. */
  readonly reload: (deployment: string) => void;
  /**
   * Stops accepting, answers what has arrived, frees the engines. False where a run of a model has
   * not come to an end in time: the process cannot leave in an orderly way then.
   */
  readonly stop: () => Promise<boolean>;
};

/** What is left for a request once the end is asked for; edgeAgent kills after 10 s. */
const GRACE_MS = 8_000;

/**
 * Starts serving and resolves when every deployment is ready.
 *
 * @throws UserError where the address is taken or a model cannot be served
 */
export async function serve(options: ServeOptions): Promise<Running> {
  const { host, port, metricsPort, auth, log, clock } = options;
  disableTelemetry();
  const endpoint = { ...options.endpoint, deployments: scoredDeployments(options.endpoint) };
  const cramped = memoryProblems(endpoint.deployments);
  if (cramped.length > 0) throw new UserError(cramped);
  const guard = createGuard(auth, endpoint.name, clock);
  const limits = await reportLimits(endpoint.module, log);

  const metrics = createMetrics();
  const runtimeMetrics = createRuntimeMetrics(
    metrics,
    endpoint.deployments.map(({ name }) => name),
  );
  const around = { clock, log, limits, scripts: options.scripts };
  const served = createServedEndpoint({ endpoint, metrics: runtimeMetrics, ...around });
  const { router, ready, stats } = served;
  const secured = auth.mode !== "none";
  const jobs = await jobsOf(options, { metrics, secured });
  watchDeployments(metrics, ready, () => stats().deployments);
  watchMachine(metrics, { limits, clock, version: runtimeVersion() });
  const front = createHttpFront({
    scorer: jobs === undefined ? router : { ...router, score: noScoring },
    conventions: conventionsFor(endpoint),
    pages: pagesOf({ endpoint, served, metrics, secured, jobs }),
    v2: served.v2,
    ...(jobs && { jobs: jobs.routes }),
    admit: guard.admit,
    metrics: runtimeMetrics,
    log,
    clock,
    createId: randomUUID,
    host,
    port,
    bodyLimits: createBodyLimits(endpoint.deployments, router.traffic),
  });
  const metricsFront = createMetricsFront(metrics, host, metricsPort);
  let edge: EdgeModule | undefined;
  const stop = async (): Promise<boolean> => {
    log.info("stopping");
    const late = wait(GRACE_MS, false, { ref: false });
    await Promise.all([front.stop(GRACE_MS), edge?.stop(), jobs?.stop()]);
    const clean = await Promise.race([router.close().then(() => true), late]);
    await metricsFront.stop();
    log.info(clean ? "stopped" : "stopped while a model still runs");
    return clean;
  };

  // Listening first: `/health/live` answers while models load, and a taken port is known at once.
  const url = await front.start();
  let metricsUrl: string | undefined;
  try {
    metricsUrl = await metricsFront.start();
    await served.start();
  } catch (error) {
    await stop();
    throw error;
  }
  log.info("ready", {
    endpoint: endpoint.name,
    deployments: options.endpoint.deployments.length,
    url,
    metricsUrl,
  });
  reportKeys(auth, log);
  const { setKeys } = guard;
  const hands = { ...options, ...served, endpoint, setKeys, limits, metrics };
  if (options.edge !== undefined) {
    edge = startEdgeModule({ ...hands, ...options.edge, jobMethods: jobs?.methods });
  }
  const { reload } = served;
  return { url, ...(metricsUrl !== undefined && { metricsUrl }), router, setKeys, reload, stop };
}

/** Loaded for batch endpoints alone: others need none of it. */
async function jobsOf(
  { endpoint, jobs, scripts, clock, log }: ServeOptions,
  around: { readonly metrics: Metrics; readonly secured: boolean },
): Promise<Jobs | undefined> {
  if (endpoint.kind !== "batch") return undefined;
  const { openJobs } = await import("./jobs.ts");
  const { folders, logLevel } = jobs ?? { folders: [], logLevel: "info" };
  return openJobs({ endpoint, folders, logLevel, scripts, clock, log, ...around });
}

function pagesOf({ endpoint, served, metrics, secured, jobs }: PageParts): PageOptions {
  const { ready, stats, described: deployments, router: scorer } = served;
  return {
    ready,
    renderMetrics: metrics.render,
    stats: () => ({ ...stats(), ...(jobs && { jobs: jobs.stats() }) }),
    openApi: jobs?.openApi ?? createOpenApiPage({ ...endpoint, deployments, secured, scorer }),
  };
}

type PageParts = {
  readonly endpoint: ResolvedEndpoint;
  readonly served: ServedEndpoint;
  readonly metrics: Metrics;
  readonly secured: boolean;
  readonly jobs: Jobs | undefined;
};

function noScoring(): Promise<ScoringResponse> {
  const message = "this is a batch endpoint, which takes jobs: POST /jobs";
  return Promise.resolve(faultResponse("ROUTE_KIND", message));
}

function reportKeys({ mode, keys }: AuthOptions, log: Log): void {
  if (mode === "none" || keys.length > 0) return;
  log.warn(
    `auth_mode is ${mode}, and no keys were handed in: only health answers, the rest is 401`,
  );
}
