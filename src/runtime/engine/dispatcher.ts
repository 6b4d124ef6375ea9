/**
 * Granted requests to free instances, in order. What has arrived by the time an instance is free is
 * handed over together, so that it can run together; nobody is made to wait for a batch to fill.
 */

import type { Cancellation } from "../../core/cancellation.ts";
import type { EngineAnswer, EngineRequest, Instance } from "./instance.ts";

export type DispatchedRequest = EngineRequest & { readonly cancellation: Cancellation };

export type Dispatcher = {
  readonly add: (instance: Instance) => void;
  /** With the last one, those that wait are refused. */
  readonly remove: (instance: Instance) => void;
  readonly instances: () => readonly Instance[];
  /** Rejects when the instance ends first, or when there is none. */
  readonly score: (request: DispatchedRequest) => Promise<EngineAnswer>;
};

type Pending = {
  readonly request: DispatchedRequest;
  readonly resolve: (answer: EngineAnswer) => void;
  readonly reject: (error: unknown) => void;
};

export type DispatcherOptions = {
  /** What a request is refused with that no instance will take. */
  readonly gone: (reason: "cancelled" | "no instance") => Error;
  /** An instance that has not answered for this long will not come back. */
  readonly hungMs: number;
  readonly onHung: (instance: Instance) => void;
};

export function createDispatcher({ gone, hungMs, onHung }: DispatcherOptions): Dispatcher {
  const instances = new Set<Instance>();
  const idle: Instance[] = [];
  let pending: Pending[] = [];
  let scheduled = false;

  const schedule = (): void => {
    if (scheduled || pending.length === 0 || idle.length === 0) return;
    scheduled = true;
    // After the sockets that are readable now were read.
    setImmediate(flush);
  };
  const flush = (): void => {
    scheduled = false;
    while (idle.length > 0 && pending.length > 0) {
      const instance = idle.pop() as Instance;
      const share = Math.ceil(pending.length / (idle.length + 1));
      const batch = pending.splice(0, Math.min(share, instance.maxRequests)).filter(isWanted);
      if (batch.length === 0) idle.push(instance);
      else void hand(instance, batch);
    }
  };
  const isWanted = ({ request, reject }: Pending): boolean => {
    if (request.cancellation.cancelled) reject(gone("cancelled"));
    return !request.cancellation.cancelled;
  };
  const hand = async (instance: Instance, batch: readonly Pending[]): Promise<void> => {
    const hung = setTimeout(onHung, hungMs, instance);
    try {
      const answers = await instance.score(batch.map(({ request }) => request));
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as EngineAnswer);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    clearTimeout(hung);
    if (instances.has(instance)) idle.push(instance);
    schedule();
  };
  return {
    add: (instance) => {
      instances.add(instance);
      idle.push(instance);
      schedule();
    },
    remove: (instance) => {
      instances.delete(instance);
      if (idle.includes(instance)) idle.splice(idle.indexOf(instance), 1);
      if (instances.size > 0) return;
      const left = pending;
      pending = [];
      for (const { reject } of left) reject(gone("no instance"));
    },
    instances: () => [...instances],
    score: (request) =>
      new Promise((resolve, reject) => {
        if (instances.size === 0) {
          reject(gone("no instance"));
          return;
        }
        pending.push({ request, resolve, reject });
        schedule();
      }),
  };
}
