/**
 * The way of an input: recognised when it comes again, scored, its result in the outbox, then
 * acknowledged. As many run at a time as the endpoint takes; the rest waits unacknowledged.
 */

import { createHash } from "node:crypto";

import type { Log, LogFields } from "../../../core/ports.ts";
import { idIn } from "../../../core/property-bag.ts";
import type { Input } from "../hub/client.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { Result } from "../outbox/result.ts";
import { ENDS_TO_SET_ASIDE } from "../outbox/suspects.ts";

export type InputHandlerOptions = {
  readonly outbox: Outbox;
  /** Scores a message; what it throws makes the message a failed one. */
  readonly answer: (input: Input, key: string) => Promise<Result>;
  /** The result of a message that is not to be run. */
  readonly setAside: (input: Input, key: string) => Result;
  /** The fault of a message whose scoring threw. */
  readonly failed: (input: Input, key: string) => Result;
  /** Messages that run at a time. */
  readonly window: () => number;
  readonly log: Log;
};

/** `identified`: it has an id of its own, so that a second copy can be told from a second message. */
type Job = { readonly input: Input; readonly key: string; readonly identified: boolean };

export class InputHandler {
  readonly #options: InputHandlerOptions;
  readonly #waiting: Job[] = [];
  readonly #running = new Set<Promise<Result>>();
  /** Begun and not yet acknowledged: one that comes again waits for the same end, and whether it is good. */
  readonly #pending = new Map<string, Promise<boolean>>();
  #alone = false;
  #stopped = false;

  constructor(options: InputHandlerOptions) {
    this.#options = options;
  }

  take(input: Input): void {
    const identified = idIn(input.bag, "mid") !== undefined;
    const job = { input, key: keyOf(input), identified };
    if (identified && this.#isCopy(job)) return;
    this.#waiting.push(job);
    this.#next();
  }

  /** Resolves when nothing runs any more; what waits is left to the hub. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.length = 0;
    await Promise.allSettled(this.#running);
  }

  /** Whether it came before; then it is acknowledged with the first copy. */
  #isCopy(job: Job): boolean {
    const same = this.#pending.get(job.key);
    if (same !== undefined) void same.then((safe) => safe && job.input.acknowledge());
    else if (this.#options.outbox.has(job.key)) job.input.acknowledge();
    else {
      // It waited when the connection ended: only the newest copy can still be acknowledged.
      const at = this.#waiting.findIndex(({ key }) => key === job.key);
      if (at === -1) return false;
      this.#waiting[at] = job;
    }
    return true;
  }

  #next(): void {
    const { outbox, window } = this.#options;
    while (!this.#stopped && !this.#alone && this.#running.size < Math.max(1, window())) {
      const [job] = this.#waiting;
      if (job === undefined) return;
      // Who was there when the module went down runs alone, so that it is known who did it.
      const suspect = outbox.suspects.endsOf(job.key) > 0;
      if (suspect && this.#running.size > 0) return;
      this.#alone = suspect;
      this.#waiting.shift();
      this.#start(job);
    }
  }

  #start(job: Job): void {
    const { log } = this.#options;
    const done = this.#run(job)
      .then(() => true)
      .catch((error: unknown) => {
        log.error(`an input has no result yet, it will come again: ${String(error)}`, idOf(job));
        return false;
      })
      .finally(() => this.#pending.delete(job.key));
    if (job.identified) this.#pending.set(job.key, done);
  }

  async #run(job: Job): Promise<void> {
    const scoring = this.#resultOf(job).catch((error: unknown) => this.#failed(job, error));
    this.#running.add(scoring);
    const result = await scoring.finally(() => {
      // A slot is for what runs; waiting for the disk or for the hub takes none.
      this.#running.delete(scoring);
      this.#alone = false;
    });
    const { outbox } = this.#options;
    const safe = outbox.add(result).catch((error: unknown) => outbox.add(this.#failed(job, error)));
    this.#next();
    await safe;
    job.input.acknowledge();
  }

  /** A message that can have no result must not come again and again, and hold a place each time. */
  #failed(job: Job, error: unknown): Result {
    if (this.#stopped) throw error;
    const { log, failed } = this.#options;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.error(`an input failed, its fault is sent: ${text}`, idOf(job));
    return failed(job.input, job.key);
  }

  async #resultOf({ input, key }: Job): Promise<Result> {
    const { outbox, log, answer, setAside } = this.#options;
    const ends = outbox.suspects.endsOf(key);
    if (ends < ENDS_TO_SET_ASIDE) {
      outbox.began(key);
      return answer(input, key);
    }
    log.error(`a message is set aside: the module ended ${ends} times in a row while it ran`);
    return setAside(input, key);
  }
}

function idOf({ input }: Job): LogFields {
  return { messageId: (idIn(input.bag, "mid") ?? "").slice(0, 200) };
}

/** Equal for a message and its redelivery alone: the same id, input and body. */
function keyOf({ name, bag, body }: Input): string {
  return createHash("sha256")
    .update(`${name}\n${bag.system["mid"] ?? ""}\n`)
    .update(body)
    .digest("base64url")
    .slice(0, 22);
}
