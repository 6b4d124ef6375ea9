/** A deployment's model as a backend: measured, placed, started, and started again when it ends. */

import type { Log } from "../../core/ports.ts";
import { ScoringError, userError } from "../../core/problem.ts";
import type { Backend, ScoringRequest } from "../../core/scoring.ts";
import { errorResponse } from "../wire/fault.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { NotAnswered } from "./dispatcher.ts";
import { startInline } from "./instances/inline-instance.ts";
import type { EngineAnswer, Instance } from "./instances/instance.ts";
import type { ModelOptions } from "./model-engine.ts";
import { decidePlacement } from "./placement.ts";
import type { Placement, PlacementDecision } from "./placement.ts";
import type { Profile } from "./profile.ts";
import { startProcess, startWorker } from "./instances/remote-instance.ts";
import { createSupervisor } from "./supervisor.ts";

export type ModelBackendOptions = {
  readonly name: string;
  readonly instances: number;
  readonly model: ModelOptions;
  /** Whether it is the deployment with the most traffic at load. */
  readonly main: boolean;
  readonly placement?: Placement;
  /** An engine that has not answered for this long is replaced. */
  readonly hungMs: () => number;
  readonly log: Log;
  /** Told of every run of the model. */
  readonly onRun: (runMs: number, batch: number) => void;
};

export type EngineReport = PlacementDecision & {
  readonly instances: number;
  readonly profile: Profile;
};

export type ModelBackend = Backend & {
  /** What was measured and decided; undefined before the start. */
  readonly report: () => EngineReport | undefined;
};

export function createModelBackend(options: ModelBackendOptions): ModelBackend {
  const { log, name, model, hungMs } = options;
  let report: EngineReport | undefined;

  const dispatcher = new Dispatcher({
    onAnswer: (request, answer) => observe(request, answer),
    refuse: (reason) => errorResponse(notAnswered(name, reason)),
    hungMs,
    onHung: (instance) => {
      // A thread inside the library cannot be ended: no second one shall stay behind.
      if (report?.placement === "worker" && options.placement === undefined)
        report = { ...report, placement: "process", why: "a run hung, and a process can be ended" };
      supervisor.replace(instance, `it has not answered for ${hungMs()} ms`);
    },
  });
  const startNext = (): Promise<Instance> => {
    if (report === undefined) throw new Error("an engine is started before it was measured");
    return startPlaced(report, model, moveOut);
  };
  const supervisor = createSupervisor({ dispatcher, start: startNext, deployment: name, log });
  /** The first engine is off this thread: what it measures may take long, and others are served. */
  const startAll = async (): Promise<void> => {
    const first = await (options.main ? startWorker({ model }) : startProcess({ model }));
    const { profile } = first;
    const decision = decidePlacement({ ...options, profile, ...overrideOf(options) });
    const { placement } = decision;
    const instances = placement === "inline" ? 1 : options.instances;
    const started = { ...decision, instances, profile };
    report = started;
    const kept = placement === (options.main ? "worker" : "process");
    if (kept) supervisor.add(first);
    const missing = Array.from({ length: instances - (kept ? 1 : 0) }, startNext);
    for (const instance of await Promise.all(missing)) supervisor.add(instance);
    if (!kept) await first.close();
    logStart(log, name, started);
  };
  const moveOut = (cpuMs: number): void => {
    if (report?.placement !== "inline") return;
    const measured = report.profile.runMs.toFixed(3);
    const why = `a run took ${cpuMs.toFixed(0)} ms of CPU, although it was measured at ${measured} ms`;
    report = { ...report, placement: "worker", why, instances: options.instances };
    log.warn(`worker: ${why}`, { deployment: name });
    const [here] = dispatcher.instances();
    if (here !== undefined) supervisor.replaceBy(here, options.instances);
  };
  const observe = (request: ScoringRequest, { batch, runMs, fault }: EngineAnswer): void => {
    if (batch > 0) options.onRun(runMs, batch);
    if (fault !== undefined) {
      log.error(fault, { deployment: name, requestId: request.requestId });
    }
  };
  return {
    start: async () => {
      try {
        await startAll();
      } catch (error) {
        throw userError(
          "MODEL_REFUSED",
          `deployment '${name}' cannot be served: ${(error as Error).message}`,
        );
      }
    },
    score: (request) => dispatcher.score(request),
    ready: () => dispatcher.instances().length > 0,
    report: () => report,
    close: supervisor.close,
  };
}

function startPlaced(
  { placement, profile }: EngineReport,
  model: ModelOptions,
  onBlocking: (cpuMs: number) => void,
): Promise<Instance> {
  if (placement === "inline") return startInline({ model, profile, onBlocking });
  return placement === "worker"
    ? startWorker({ model, profile })
    : startProcess({ model, profile });
}

function notAnswered(name: string, reason: NotAnswered): unknown {
  switch (reason) {
    case "cancelled":
      return new ScoringError("ENGINE_STOPPED", "nobody waits for this answer any more");
    case "no instance":
      return new ScoringError("ENGINE_NOT_READY", `deployment '${name}' is not ready`);
    default:
      return reason.error;
  }
}

function logStart(log: Log, deployment: string, { placement, why, profile }: EngineReport): void {
  if (profile.fault !== undefined) {
    log.warn(`nothing could be measured, a run failed: ${profile.fault}`, { deployment });
  }
  log.info(`${placement}: ${why}; batching: ${profile.batching}`, { deployment });
}

function overrideOf({ placement }: ModelBackendOptions): { override?: Placement } {
  return placement === undefined ? {} : { override: placement };
}
