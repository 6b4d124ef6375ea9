/** A deployment's model as a backend: measured, placed, started, and started again when it ends. */

import type { Log } from "../../core/ports.ts";
import { ScoringError } from "../../core/problem.ts";
import type { Backend, ScoringRequest, ScoringResponse } from "../../core/scoring.ts";
import { errorResponse } from "../wire/fault.ts";
import { createDispatcher } from "./dispatcher.ts";
import { startInline } from "./inline-instance.ts";
import type { Instance } from "./instance.ts";
import type { ModelOptions } from "./model-engine.ts";
import { decidePlacement } from "./placement.ts";
import type { Placement, PlacementDecision } from "./placement.ts";
import type { Profile } from "./profile.ts";
import { startProcess, startWorker } from "./remote-instance.ts";

export type ModelBackendOptions = {
  readonly name: string;
  readonly instances: number;
  readonly model: ModelOptions;
  /** Whether it is the deployment with the most traffic at load. */
  readonly main: boolean;
  readonly placement?: Placement;
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

const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 10_000;

export function createModelBackend(options: ModelBackendOptions): ModelBackend {
  const { log, name, model } = options;
  const dispatcher = createDispatcher((reason) =>
    reason === "cancelled"
      ? new ScoringError("ENGINE_STOPPED", "the caller went away before its turn")
      : new ScoringError("ENGINE_NOT_READY", `deployment '${name}' is not ready`),
  );
  let report: EngineReport | undefined;
  let closing = false;

  const add = (instance: Instance): void => {
    dispatcher.add(instance);
    void instance.ended.then((reason) => {
      dispatcher.remove(instance);
      restart(reason, FIRST_RESTART_MS);
    });
  };
  const startNext = (decision: EngineReport): Promise<Instance> => {
    const { placement, profile } = decision;
    if (placement === "inline") return startInline(model, profile);
    return placement === "worker"
      ? startWorker({ model, profile })
      : startProcess({ model, profile });
  };
  const restart = (reason: string, delayMs: number): void => {
    if (closing || report === undefined) return;
    const decision = report;
    log.error(`an engine ended and is started again: ${reason}`, { deployment: name, ms: delayMs });
    const attempt = async (): Promise<void> => {
      try {
        const instance = await startNext(decision);
        if (closing) await instance.close();
        else {
          add(instance);
          log.info("the engine is back", { deployment: name });
        }
      } catch (error) {
        restart((error as Error).message, Math.min(delayMs * 2, LAST_RESTART_MS));
      }
    };
    setTimeout(() => void attempt(), delayMs).unref();
  };
  return {
    start: async () => {
      // The first engine is off this thread: what it measures may take long, and others are served.
      const first = await (options.main ? startWorker({ model }) : startProcess({ model }));
      const { profile } = first;
      const decision = decidePlacement({ ...options, profile, ...overrideOf(options) });
      const instances = decision.placement === "inline" ? 1 : options.instances;
      report = { ...decision, instances, profile };
      const kept = decision.placement === (options.main ? "worker" : "process");
      if (kept) add(first);
      const more = Array.from({ length: instances - (kept ? 1 : 0) }, () =>
        startNext({ ...decision, instances, profile }),
      );
      for (const instance of await Promise.all(more)) add(instance);
      if (!kept) await first.close();
      if (profile.fault !== undefined) {
        log.warn(`nothing could be measured, a run failed: ${profile.fault}`, { deployment: name });
      }
      log.info(`${decision.placement}: ${decision.why}; batching: ${profile.batching}`, {
        deployment: name,
      });
    },
    score: (request: ScoringRequest): Promise<ScoringResponse> =>
      dispatcher.score(request).then((answer) => {
        if (answer.batch > 0) options.onRun(answer.runMs, answer.batch);
        if (answer.fault !== undefined) {
          log.error(answer.fault, { deployment: name, requestId: request.requestId });
        }
        return answer;
      }, errorResponse),
    ready: () => dispatcher.instances().length > 0,
    report: () => report,
    close: async () => {
      closing = true;
      await Promise.all(dispatcher.instances().map((instance) => instance.close()));
    },
  };
}

function overrideOf({ placement }: ModelBackendOptions): { override?: Placement } {
  return placement === undefined ? {} : { override: placement };
}
