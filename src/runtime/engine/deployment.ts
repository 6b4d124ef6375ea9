/** The instances of one deployment as a scorer: one request an instance at a time, the rest in order. */

import type { Log } from "../../core/ports.ts";
import { ScoringError } from "../../core/problem.ts";
import type { Scorer, ScoringRequest, ScoringResponse } from "../../core/scoring.ts";
import { errorResponse, faultResponse } from "../wire/fault.ts";
import { startInstance } from "./instance.ts";
import type { Instance } from "./instance.ts";
import type { ModelOptions } from "./model-scorer.ts";

export type DeploymentOptions = {
  readonly name: string;
  readonly instances: number;
  readonly model: ModelOptions;
  readonly log: Log;
};

export type Deployment = Scorer & {
  /** Loads every instance. @throws Error when the model cannot be loaded */
  readonly start: () => Promise<void>;
  /** Instances that can take a request. */
  readonly ready: () => boolean;
  readonly queueLength: () => number;
};

const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 10_000;

export function createDeployment(options: DeploymentOptions): Deployment {
  const { log, name } = options;
  const idle: Instance[] = [];
  const all = new Set<Instance>();
  const queue: ((instance: Instance | undefined) => void)[] = [];
  let closing = false;
  let restartMs = FIRST_RESTART_MS;

  const offer = (instance: Instance): void => {
    const next = queue.shift();
    if (next === undefined) idle.push(instance);
    else next(instance);
  };
  const add = async (): Promise<void> => {
    const instance = await startInstance(options.model);
    if (closing) return instance.close();
    all.add(instance);
    const { warmUpFault } = instance;
    if (warmUpFault !== undefined)
      log.warn(`warm-up on zeros failed: ${warmUpFault}`, { deployment: name });
    void instance.ended.then((reason) => replace(instance, reason));
    offer(instance);
  };
  const replace = (instance: Instance, reason: string): void => {
    all.delete(instance);
    if (idle.includes(instance)) idle.splice(idle.indexOf(instance), 1);
    if (closing) return;
    log.error(`an engine ended and is started again: ${reason}`, {
      deployment: name,
      ms: restartMs,
    });
    if (all.size === 0) for (const waiting of queue.splice(0)) waiting(undefined);
    setTimeout(() => {
      restartMs = Math.min(restartMs * 2, LAST_RESTART_MS);
      add().then(
        () => (restartMs = FIRST_RESTART_MS),
        (error: Error) => replace(instance, error.message),
      );
    }, restartMs).unref();
  };
  const acquire = (): Promise<Instance | undefined> => {
    if (all.size === 0) return Promise.resolve(undefined);
    const instance = idle.pop();
    return instance === undefined
      ? new Promise((resolve) => queue.push(resolve))
      : Promise.resolve(instance);
  };
  const score = async (request: ScoringRequest): Promise<ScoringResponse> => {
    const instance = await acquire();
    if (instance === undefined) {
      return faultResponse("ENGINE_NOT_READY", `deployment '${name}' is not ready`);
    }
    if (request.signal.aborted) {
      offer(instance);
      return errorResponse(new ScoringError("ENGINE_STOPPED", "the caller went away"));
    }
    try {
      const { response, fault } = await instance.score(request);
      offer(instance);
      if (fault !== undefined) log.error(fault, { deployment: name, requestId: request.requestId });
      return response;
    } catch (error) {
      return errorResponse(error);
    }
  };
  return {
    start: async () => {
      await Promise.all(Array.from({ length: options.instances }, add));
    },
    score,
    ready: () => all.size > 0,
    queueLength: () => queue.length,
    close: async () => {
      closing = true;
      await Promise.all([...all].map((instance) => instance.close()));
    },
  };
}
