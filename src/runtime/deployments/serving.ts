/** One deployment as it is served: its backend, the door in front of it, and what is known of both. */

import type { Clock, Log } from "../../core/ports.ts";
import { userError } from "../../core/problem.ts";
import type { Backend, ScoringResponse } from "../../core/scoring.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../../spec/resolved.ts";
import { createModelBackend } from "../engine/model-backend.ts";
import type { EngineReport } from "../engine/model-backend.ts";
import type { Limits } from "../limits.ts";
import type { RuntimeMetrics } from "../metrics/runtime-metrics.ts";
import { createAdmission } from "../routing/admission.ts";
import type { Admission, Refusal, RequestSettings } from "../routing/admission.ts";
import { nameAnswers } from "../routing/answer-name.ts";
import { createSwitch } from "../routing/switch.ts";
import type { Switch } from "../routing/switch.ts";
import { createScriptEngine } from "./script-engine.ts";
import type { ScriptHost } from "./script-engine.ts";
import { faultResponse, OVERLOAD_RESPONSE } from "../wire/fault.ts";

export type Serving = {
  readonly name: string;
  readonly backend: Backend;
  readonly admission: Admission;
  /** What the router knows of it: the admission, unless it is switched off. */
  readonly door: Switch;
  readonly stats: () => ServingStats;
  /** From the next request on; what is absent is as the spec says. */
  readonly setRequestSettings: (patch: RequestSettingsPatch) => void;
  /** Answers `/swagger.json`, where a script does. */
  readonly describe?: (query: string) => ScoringResponse;
  /** Loads the script again, where there is one. */
  readonly reload?: () => void;
};

type RequestSettingsPatch = {
  readonly requestTimeoutMs?: number;
  readonly maxConcurrentRequestsPerInstance?: number;
  readonly maxQueueWaitMs?: number;
};

export type ServingStats = {
  readonly name: string;
  readonly ready: boolean;
  /** Requests that may hold a slot at once. */
  readonly slots: number;
  readonly running: number;
  readonly waiting: number;
  readonly engine?: EngineReport;
};

export type ServingOptions = {
  readonly endpoint: ResolvedEndpoint;
  readonly metrics: RuntimeMetrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Limits;
  readonly scripts: ScriptHost | undefined;
};

type Engine = Pick<Serving, "backend" | "describe" | "reload"> & {
  readonly report: () => EngineReport | undefined;
};

export function createServing(deployment: ResolvedDeployment, options: ServingOptions): Serving {
  const { metrics, clock } = options;
  const { name } = deployment;
  const finish = nameAnswers(name);
  let settings = settingsOf(deployment);
  const { backend, report, ...script } =
    deployment.script === undefined
      ? modelEngine(deployment, options, () => settings.requestTimeoutMs)
      : scriptEngine(deployment, options);
  const admission = createAdmission({
    backend,
    settings,
    clock,
    refuse: (reason) => finish(refusalOf(name, reason)),
    finish,
    onGranted: (waitMs) => metrics.observeWait(name, waitMs),
  });
  const stats = (): ServingStats => {
    const engine = report();
    return {
      name,
      ready: backend.ready(),
      slots: admission.slots(),
      running: admission.running(),
      waiting: admission.waiting(),
      ...(engine && { engine }),
    };
  };
  const setRequestSettings = (patch: RequestSettingsPatch): void => {
    settings = settingsOf({ ...deployment, ...patch });
    admission.setSettings(settings);
  };
  const door = createSwitch(admission, () =>
    finish(faultResponse("ROUTE_DEPLOYMENT", `deployment '${name}' is switched off`)),
  );
  return { name, backend, admission, door, stats, setRequestSettings, ...script };
}

function modelEngine(
  deployment: ResolvedDeployment,
  { endpoint, metrics, log }: ServingOptions,
  requestTimeoutMs: () => number,
): Engine {
  const { name } = deployment;
  const { placement } = endpoint.module;
  const backend = createModelBackend({
    name,
    instances: deployment.instances,
    model: modelOf(deployment),
    main: name === mainDeployment(endpoint),
    ...(placement !== undefined && { placement }),
    hungMs: () => requestTimeoutMs() + HUNG_GRACE_MS,
    log,
    onRun: (runMs, batch) => metrics.observeRun(name, runMs, batch),
  });
  return { backend, report: backend.report };
}

function scriptEngine(
  deployment: ResolvedDeployment,
  { endpoint, limits, scripts: host, log }: ServingOptions,
): Engine {
  const backend = createScriptEngine(deployment, { endpoint, host, limits, log });
  const { describe, reload } = backend;
  return { backend, report: () => undefined, describe, reload };
}

/** What an engine may still be given once every request it holds has timed out. */
const HUNG_GRACE_MS = 5_000;

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
