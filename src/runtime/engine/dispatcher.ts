/**
 * Granted requests to free instances, in order. What has arrived by the time an instance is free is
 * handed over together, so that it can run together; nobody is made to wait for a batch to fill.
 */

import { ScoringError } from "../../core/problem.ts";
import type { ScoringRequest, ScoringResponse } from "../../core/scoring.ts";
import type { EngineAnswer, Instance } from "./instances/instance.ts";

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
  readonly hungMs: () => number;
  readonly onHung: (instance: Instance) => void;
};

/** Nobody waits any more; there is no instance; it ended, or failed, with this error. */
export type NotAnswered = "cancelled" | "no instance" | { readonly error: unknown };

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #instances = new Set<Instance>();
  readonly #idle: Instance[] = [];
  #pending: Pending[] = [];
  #scheduled = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  add(instance: Instance): void {
    this.#instances.add(instance);
    this.#release(instance);
  }

  /** With the last one, those that wait are refused. */
  remove(instance: Instance): void {
    this.#instances.delete(instance);
    if (this.#idle.includes(instance)) this.#idle.splice(this.#idle.indexOf(instance), 1);
    if (this.#instances.size > 0) return;
    const left = this.#pending;
    this.#pending = [];
    for (const { resolve } of left) resolve(this.#options.refuse("no instance"));
  }

  instances(): readonly Instance[] {
    return [...this.#instances];
  }

  /** Never rejects. */
  score(request: ScoringRequest): Promise<ScoringResponse> {
    if (this.#instances.size === 0) return Promise.resolve(this.#options.refuse("no instance"));
    return new Promise((resolve) => {
      this.#pending.push({ request, resolve });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#pending.length === 0 || this.#idle.length === 0) return;
    this.#scheduled = true;
    // After the sockets that are readable now were read.
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    // Each instance once: one that has answered already waits for the next turn, and so do sockets.
    for (let turns = this.#idle.length; turns > 0 && this.#pending.length > 0; turns -= 1) {
      const instance = this.#idle.shift() as Instance;
      const share = Math.ceil(this.#pending.length / turns);
      const batch = this.#pending.splice(0, Math.min(share, instance.maxRequests));
      const wanted = batch.filter((pending) => this.#isWanted(pending));
      if (wanted.length === 0) this.#release(instance);
      else this.#hand(instance, wanted);
    }
  }

  #isWanted({ request, resolve }: Pending): boolean {
    if (request.cancellation.cancelled) resolve(this.#options.refuse("cancelled"));
    return !request.cancellation.cancelled;
  }

  #hand(instance: Instance, batch: readonly Pending[]): void {
    const answers = instance.score(batch.map(({ request }) => request));
    if (answers instanceof Promise) void this.#await(instance, batch, answers);
    else this.#settle(instance, batch, answers);
  }

  async #await(
    instance: Instance,
    batch: readonly Pending[],
    answers: Promise<readonly EngineAnswer[]>,
  ): Promise<void> {
    const { onHung, hungMs, refuse } = this.#options;
    const giveUp = (error: unknown): void => {
      for (const { resolve } of batch) resolve(refuse({ error }));
    };
    const hung = setTimeout(() => {
      // Its slots come free: nobody will hear of these requests again.
      giveUp(new ScoringError("ENGINE_STOPPED", "the engine does not answer"));
      onHung(instance);
    }, hungMs());
    try {
      this.#settle(instance, batch, await answers);
    } catch (error) {
      giveUp(error);
      this.#release(instance);
    }
    clearTimeout(hung);
  }

  #settle(instance: Instance, batch: readonly Pending[], answers: readonly EngineAnswer[]): void {
    for (let index = 0; index < batch.length; index += 1) {
      const { request, resolve } = batch[index] as Pending;
      const answer = answers[index] as EngineAnswer;
      this.#options.onAnswer(request, answer);
      resolve(answer);
    }
    this.#release(instance);
  }

  #release(instance: Instance): void {
    if (this.#instances.has(instance)) this.#idle.push(instance);
    this.#schedule();
  }
}
