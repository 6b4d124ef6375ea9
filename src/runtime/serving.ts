/** One deployment as it is served: its backend, the door in front of it, and what is known of both. */

import type { Clock, Log } from "../core/ports.ts";
import { userError } from "../core/problem.ts";
import type { Backend, ScoringResponse } from "../core/scoring.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../spec/resolved.ts";
import { libraryPath } from "../model/onnxruntime.ts";
import { createModelBackend } from "./engine/model-backend.ts";
import type { EngineReport } from "./engine/model-backend.ts";
import type { RuntimeMetrics } from "./runtime-metrics.ts";
import { createPythonBackend } from "./scripts/backend.ts";
import { createAdmission } from "./routing/admission.ts";
import type { Admission, Refusal, RequestSettings } from "./routing/admission.ts";
import { faultResponse, OVERLOAD_RESPONSE } from "./wire/fault.ts";

export type Serving = {
  readonly name: string;
  readonly backend: Backend;
  readonly admission: Admission;
  readonly stats: () => ServingStats;
  /** Answers `/swagger.json`, where a script does. */
  readonly describe?: (query: string) => ScoringResponse;
};

/** How scoring scripts are run. */
export type ScriptHost = {
  /** The interpreter of a deployment. */
  readonly python: (deployment: string) => string;
  /** Of this process; a script sees what of it concerns a script. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What a failed first start means: the end, or another try while other deployments serve. */
  readonly onFailedStart: "throw" | "retry";
  /** Of one process, where a deployment sets none. */
  readonly memoryBytes: number;
};

export type ServingStats = {
  readonly name: string;
  readonly ready: boolean;
  readonly running: number;
  readonly waiting: number;
  readonly engine?: EngineReport;
};

export type ServingOptions = {
  readonly endpoint: ResolvedEndpoint;
  readonly metrics: RuntimeMetrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly scripts: ScriptHost;
};

type Engine = {
  readonly backend: Backend;
  readonly report: () => EngineReport | undefined;
  readonly describe?: (query: string) => ScoringResponse;
};

export function createServing(deployment: ResolvedDeployment, options: ServingOptions): Serving {
  const { metrics, clock } = options;
  const { name } = deployment;
  const { backend, report, describe } =
    deployment.script === undefined
      ? modelEngine(deployment, options)
      : scriptEngine(deployment, options);
  const admission = createAdmission({
    backend,
    settings: settingsOf(deployment),
    clock,
    refuse: (reason) => refusalOf(name, reason),
    onGranted: (waitMs) => metrics.observeWait(name, waitMs),
  });
  const stats = (): ServingStats => {
    const engine = report();
    return {
      name,
      ready: backend.ready(),
      running: admission.running(),
      waiting: admission.waiting(),
      ...(engine && { engine }),
    };
  };
  return { name, backend, admission, stats, ...(describe && { describe }) };
}

function modelEngine(
  deployment: ResolvedDeployment,
  { endpoint, metrics, log }: ServingOptions,
): Engine {
  const { name } = deployment;
  const { placement } = endpoint.module;
  const backend = createModelBackend({
    name,
    instances: deployment.instances,
    model: modelOf(deployment),
    main: name === mainDeployment(endpoint),
    ...(placement !== undefined && { placement }),
    log,
    onRun: (runMs, batch) => metrics.observeRun(name, runMs, batch),
  });
  return { backend, report: backend.report };
}

function scriptEngine(
  deployment: ResolvedDeployment,
  { endpoint, log, scripts }: ServingOptions,
): Engine {
  const backend = createPythonBackend({
    ...scripts,
    deployment,
    python: scripts.python(deployment.name),
    onnxruntime: libraryPath(),
    status: endpoint.module.status ?? "azure",
    log,
  });
  return { backend, report: () => undefined, describe: backend.describe };
}

function modelOf({ name, model, cpus }: ResolvedDeployment) {
  if (model?.signature === undefined) {
    throw userError("RUNTIME_ENDPOINT", `deployment '${name}' has neither a script nor a model`);
  }
  const { path, version, signature } = model;
  return {
    name: model.name,
    version,
    path,
    signature,
    threads: Math.max(1, Math.floor(cpus ?? 1)),
  };
}

/** The deployment with the most traffic at load, the first by name where several have it. */
function mainDeployment({ deployments }: ResolvedEndpoint): string | undefined {
  return deployments.toSorted((a, b) => b.traffic - a.traffic || (a.name < b.name ? -1 : 1))[0]
    ?.name;
}

function settingsOf(deployment: ResolvedDeployment): RequestSettings {
  const { maxConcurrentRequestsPerInstance, instances, requestTimeoutMs, maxQueueWaitMs } =
    deployment;
  return { slots: maxConcurrentRequestsPerInstance * instances, requestTimeoutMs, maxQueueWaitMs };
}

function refusalOf(name: string, reason: Refusal) {
  switch (reason) {
    case "overload":
      return OVERLOAD_RESPONSE;
    case "timeout":
      return faultResponse("ENGINE_TIMEOUT", `deployment '${name}' did not answer in time`);
    case "not-ready":
      return faultResponse("ENGINE_NOT_READY", `deployment '${name}' is not ready`);
  }
}
