/**
 * The way of an input: recognised when it comes again, scored, its result in the outbox, then
 * acknowledged. As many run at a time as the endpoint takes; the rest waits unacknowledged.
 */

import { createHash } from "node:crypto";

import type { Log } from "../../core/ports.ts";
import type { Input } from "./client.ts";
import type { Outbox } from "./outbox.ts";
import type { Result } from "./result.ts";
import { ENDS_TO_SET_ASIDE } from "./suspects.ts";

export type InputHandlerOptions = {
  readonly outbox: Outbox;
  /** Scores a message; never rejects because of it. */
  readonly answer: (input: Input, key: string) => Promise<Result>;
  /** The result of a message that is not to be run. */
  readonly setAside: (input: Input, key: string) => Result;
  /** Messages that run at a time. */
  readonly window: () => number;
  readonly log: Log;
};

export type InputHandler = {
  readonly take: (input: Input) => void;
  /** Resolves when nothing runs any more; what waits is left to the hub. */
  readonly stop: () => Promise<void>;
  readonly running: () => number;
};

/** `identified`: it has an id of its own, so that a second copy can be told from a second message. */
type Job = { readonly input: Input; readonly key: string; readonly identified: boolean };

export function createInputHandler(options: InputHandlerOptions): InputHandler {
  const { outbox, log } = options;
  const waiting: Job[] = [];
  const running = new Set<Promise<Result>>();
  /** Begun and not yet acknowledged: one that comes again waits for the same end. */
  const pending = new Map<string, Promise<void>>();
  let alone = false;
  let stopped = false;

  const resultOf = ({ input, key }: Job): Promise<Result> => {
    const ends = outbox.suspects.endsOf(key);
    if (ends < ENDS_TO_SET_ASIDE) {
      outbox.began(key);
      return options.answer(input, key);
    }
    log.error(`a message is set aside: the module ended ${ends} times in a row while it ran`);
    return Promise.resolve(options.setAside(input, key));
  };
  const run = async (job: Job): Promise<void> => {
    const scoring = resultOf(job);
    running.add(scoring);
    const result = await scoring.finally(() => {
      // A slot is for what runs; waiting for the disk or for the hub takes none.
      running.delete(scoring);
      alone = false;
    });
    const safe = outbox.add(result);
    next();
    await safe;
    job.input.acknowledge();
  };
  const start = (job: Job): void => {
    const done = run(job)
      .catch((error: unknown) => log.error(`an input failed: ${String(error)}`))
      .finally(() => pending.delete(job.key));
    if (job.identified) pending.set(job.key, done);
  };
  const next = (): void => {
    while (!stopped && !alone && running.size < Math.max(1, options.window())) {
      const [job] = waiting;
      if (job === undefined) return;
      // Who was there when the module went down runs alone, so that it is known who did it.
      const suspect = outbox.suspects.endsOf(job.key) > 0;
      if (suspect && running.size > 0) return;
      alone = suspect;
      waiting.shift();
      start(job);
    }
  };
  /** Whether it came before; then it is acknowledged with the first copy. */
  const isCopy = (job: Job): boolean => {
    if (!job.identified) return false;
    const same = pending.get(job.key);
    if (same !== undefined) void same.then(job.input.acknowledge);
    else if (outbox.has(job.key)) job.input.acknowledge();
    else {
      // It waited when the connection ended: only the newest copy can still be acknowledged.
      const at = waiting.findIndex(({ key }) => key === job.key);
      if (at === -1) return false;
      waiting[at] = job;
    }
    return true;
  };
  return {
    take: (input) => {
      const job = { input, key: keyOf(input), identified: input.bag.system["mid"] !== undefined };
      if (isCopy(job)) return;
      waiting.push(job);
      next();
    },
    stop: async () => {
      stopped = true;
      waiting.length = 0;
      await Promise.allSettled(running);
    },
    running: () => running.size,
  };
}

/** Equal for a message and its redelivery alone: the same id, input and body. */
function keyOf({ name, bag, body }: Input): string {
  return createHash("sha256")
    .update(`${name}\n${bag.system["mid"] ?? ""}\n`)
    .update(body)
    .digest("base64url")
    .slice(0, 22);
}
