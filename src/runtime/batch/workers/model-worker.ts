/** This side of a worker thread that scores rows. A run cannot be cut off: the library would take all down. */

import { once } from "node:events";
import { Worker as Thread } from "node:worker_threads";

import type { Attempt, MiniBatch, Worker } from "./mini-batch.ts";
import type { ThreadMessage, ThreadOptions } from "./model-thread.ts";

export type ModelWorkerOptions = Omit<ThreadOptions, "stop">;

/** Three times a half of it. What a thread leaves behind is large buffers, which wait for a collection. */
const YOUNG_MB = 12;

export function createModelWorker(options: ModelWorkerOptions): Worker {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  let thread: Thread | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  let fault = "its thread ended";
  // One at a time. Racing each message against the thread's end would keep every one of them for as
  // long as the thread lives.
  let waiter: ((message: ThreadMessage) => void) | undefined;
  const settle = (message: ThreadMessage): void => {
    waiter?.(message);
    waiter = undefined;
  };
  const next = (): Promise<ThreadMessage> =>
    new Promise((resolve) => {
      waiter = resolve;
    });
  const start = async (): Promise<Thread> => {
    const workerData: ThreadOptions = { ...options, stop };
    const started = new Thread(new URL("./model-thread.js", import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    started.on("message", settle);
    started.on("error", (error) => (fault = error.message));
    ended = once(started, "exit").catch(() => undefined);
    void ended.then(() => {
      thread = undefined;
      settle({ kind: "failed", reason: fault });
    });
    const message = await next();
    if (message.kind === "failed") throw new Error(message.reason);
    thread = started;
    return started;
  };
  const close = async (): Promise<void> => {
    thread?.postMessage("close");
    await ended;
  };
  return {
    start: async () => void (await start()),
    score: async (miniBatch: MiniBatch, timeoutMs): Promise<Attempt> => {
      try {
        const used = thread ?? (await start());
        const begun = performance.now();
        used.postMessage(miniBatch);
        const message = await next();
        const runMs = performance.now() - begun;
        if (message.kind !== "attempt") return { kind: "failed", reason: fault, runMs };
        if (runMs <= timeoutMs) return message.attempt;
        return {
          kind: "failed",
          reason: `it took ${Math.round(runMs)} ms, the timeout is ${timeoutMs} ms`,
          runMs,
        };
      } catch (error) {
        return { kind: "failed", reason: (error as Error).message, runMs: 0 };
      }
    },
    finish: close,
    kill: async () => {
      Atomics.store(stop, 0, 1);
      await close();
    },
  };
}
