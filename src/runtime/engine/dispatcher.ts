/**
 * Granted requests to free instances, in order. What has arrived by the time an instance is free is
 * handed over together, so that it can run together; nobody is made to wait for a batch to fill.
 */

import type { ScoringRequest, ScoringResponse } from "../../core/scoring.ts";
import type { EngineAnswer, Instance } from "./instance.ts";

export type Dispatcher = {
  readonly add: (instance: Instance) => void;
  /** With the last one, those that wait are refused. */
  readonly remove: (instance: Instance) => void;
  readonly instances: () => readonly Instance[];
  readonly score: (request: ScoringRequest) => Promise<ScoringResponse>;
};

type Pending = {
  readonly request: ScoringRequest;
  readonly resolve: (response: ScoringResponse) => void;
};

export type DispatcherOptions = {
  /** Told of every answer of an engine. */
  readonly onAnswer: (request: ScoringRequest, answer: EngineAnswer) => void;
  /** The answer to a request that no engine has answered, and why. */
  readonly refuse: (reason: NotAnswered) => ScoringResponse;
  /** An instance that has not answered for this long will not come back. */
  readonly hungMs: number;
  readonly onHung: (instance: Instance) => void;
};

/** Nobody waits any more; there is no instance; it ended, or failed, with this error. */
export type NotAnswered = "cancelled" | "no instance" | { readonly error: unknown };

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { onAnswer, refuse, hungMs, onHung } = options;
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
    // Each instance once: one that has answered already waits for the next turn, and so do sockets.
    for (let turns = idle.length; turns > 0 && pending.length > 0; turns -= 1) {
      const instance = idle.shift() as Instance;
      const share = Math.ceil(pending.length / (idle.length + 1));
      const batch = pending.splice(0, Math.min(share, instance.maxRequests)).filter(isWanted);
      if (batch.length === 0) idle.push(instance);
      else hand(instance, batch);
    }
  };
  const isWanted = ({ request, resolve }: Pending): boolean => {
    if (request.cancellation.cancelled) resolve(refuse("cancelled"));
    return !request.cancellation.cancelled;
  };
  const hand = (instance: Instance, batch: readonly Pending[]): void => {
    const answers = instance.score(batch.map(({ request }) => request));
    if (!(answers instanceof Promise)) {
      settle(instance, batch, answers);
      return;
    }
    const hung = setTimeout(onHung, hungMs, instance);
    answers.then(
      (later) => {
        clearTimeout(hung);
        settle(instance, batch, later);
      },
      (error: unknown) => {
        clearTimeout(hung);
        for (const { resolve } of batch) resolve(refuse({ error }));
        release(instance);
      },
    );
  };
  const settle = (
    instance: Instance,
    batch: readonly Pending[],
    answers: readonly EngineAnswer[],
  ): void => {
    for (let index = 0; index < batch.length; index += 1) {
      const { request, resolve } = batch[index] as Pending;
      const answer = answers[index] as EngineAnswer;
      onAnswer(request, answer);
      resolve(answer);
    }
    release(instance);
  };
  const release = (instance: Instance): void => {
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
      for (const { resolve } of left) resolve(refuse("no instance"));
    },
    instances: () => [...instances],
    score: (request) =>
      new Promise((resolve) => {
        if (instances.size === 0) resolve(refuse("no instance"));
        else {
          pending.push({ request, resolve });
          schedule();
        }
      }),
  };
}
