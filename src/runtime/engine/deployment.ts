/** The instances of one deployment as a scorer; an instance that ends is replaced. */

import type { Log } from "../../core/ports.ts";
import type { Backend, ScoringRequest, ScoringResponse } from "../../core/scoring.ts";
import { errorResponse, faultResponse } from "../wire/fault.ts";
import { startInstance } from "./instance.ts";
import type { Instance } from "./instance.ts";
import type { ModelOptions } from "./model-scorer.ts";
import { createPool } from "./pool.ts";

export type DeploymentOptions = {
  readonly name: string;
  readonly instances: number;
  readonly model: ModelOptions;
  readonly log: Log;
};

export type Deployment = Backend & { readonly queueLength: () => number };

const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 10_000;

export function createDeployment(options: DeploymentOptions): Deployment {
  const { log, name } = options;
  const pool = createPool<Instance>();
  let closing = false;

  const add = async (): Promise<void> => {
    const instance = await startInstance(options.model);
    if (closing) return instance.close();
    if (instance.warmUpFault !== undefined) {
      log.warn(`warm-up on zeros failed: ${instance.warmUpFault}`, { deployment: name });
    }
    pool.offer(instance);
    void instance.ended.then((reason) => {
      pool.remove(instance);
      restart(reason, FIRST_RESTART_MS);
    });
  };
  const restart = (reason: string, delayMs: number): void => {
    if (closing) return;
    log.error(`an engine ended and is started again: ${reason}`, { deployment: name, ms: delayMs });
    const again = (error: Error): void =>
      restart(error.message, Math.min(delayMs * 2, LAST_RESTART_MS));
    setTimeout(() => void add().catch(again), delayMs).unref();
  };
  const score = async (request: ScoringRequest): Promise<ScoringResponse> => {
    const instance = await pool.acquire();
    if (instance === undefined) {
      return faultResponse("ENGINE_NOT_READY", `deployment '${name}' is not ready`);
    }
    if (request.signal.aborted) {
      pool.offer(instance);
      return faultResponse("ENGINE_STOPPED", "the caller went away before its turn");
    }
    try {
      const { response, fault } = await instance.score(request);
      pool.offer(instance);
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
    ready: () => pool.members().length > 0,
    queueLength: pool.queueLength,
    close: async () => {
      closing = true;
      await Promise.all(pool.members().map((instance) => instance.close()));
    },
  };
}
