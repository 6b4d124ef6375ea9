/** Keeps a deployment's engines alive: one that ends, or does not answer any more, is replaced. */

import type { Log } from "../../core/ports.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Instance } from "./instances/instance.ts";

export type Supervisor = {
  /** Takes an engine that has started. */
  readonly add: (instance: Instance) => void;
  /** Gives an engine up and starts another. */
  readonly replace: (instance: Instance, reason: string) => void;
  /** Starts `count` others, and gives the engine up when they are there. */
  readonly replaceBy: (instance: Instance, count: number) => void;
  readonly close: () => Promise<void>;
};

export type SupervisorOptions = {
  readonly dispatcher: Dispatcher;
  readonly start: () => Promise<Instance>;
  readonly deployment: string;
  readonly log: Log;
};

const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 10_000;

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { dispatcher, start, deployment, log } = options;
  const kept = new Set<Instance>();
  const abandoned = new Map<Instance, Promise<void>>();
  let closing = false;

  const add = (instance: Instance): void => {
    kept.add(instance);
    dispatcher.add(instance);
    void instance.ended.then((reason) => replace(instance, reason));
  };
  const replace = (instance: Instance, reason: string): void => {
    // Its end may be told twice: when it is given up, and when it is really gone.
    if (!kept.delete(instance)) return;
    dispatcher.remove(instance);
    giveUp(instance);
    if (!closing) startAgain(reason, FIRST_RESTART_MS);
  };
  /** It may never end; until it does, the process cannot leave in an orderly way. */
  const giveUp = (instance: Instance): void => {
    abandoned.set(instance, instance.close());
    void instance.ended.then(() => abandoned.delete(instance));
  };
  const startAgain = (reason: string, delayMs: number): void => {
    log.error(`an engine ended and is started again: ${reason}`, { deployment, ms: delayMs });
    setTimeout(() => void attempt(delayMs), delayMs).unref();
  };
  const attempt = async (delayMs: number): Promise<void> => {
    try {
      const instance = await start();
      if (closing) return giveUp(instance);
      add(instance);
      log.info("the engine is back", { deployment });
    } catch (error) {
      const nextMs = Math.min(delayMs * 2, LAST_RESTART_MS);
      if (!closing) startAgain((error as Error).message, nextMs);
    }
  };
  const replaceBy = async (instance: Instance, count: number): Promise<void> => {
    const others = await Promise.allSettled(Array.from({ length: count }, start));
    for (const other of others) {
      if (other.status === "fulfilled") add(other.value);
      else startAgain(String(other.reason), FIRST_RESTART_MS);
    }
    // With none of the others there, one that blocks is better than none.
    if (others.some(({ status }) => status === "fulfilled")) {
      kept.delete(instance);
      dispatcher.remove(instance);
      await instance.close();
    }
  };
  return {
    add,
    replace,
    replaceBy: (instance, count) => void replaceBy(instance, count),
    close: async () => {
      closing = true;
      await Promise.all([...abandoned.values(), ...[...kept].map((instance) => instance.close())]);
    },
  };
}
