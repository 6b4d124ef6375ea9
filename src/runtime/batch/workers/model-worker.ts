/** This side of a worker thread that scores rows. A run cannot be cut off: the library would take all down. */

import { once } from "node:events";
import { Worker as Thread } from "node:worker_threads";

import type { Attempt, MiniBatch, Worker } from "./mini-batch.ts";
import type { ThreadMessage, ThreadOptions } from "./model-thread.ts";

export type ModelWorkerOptions = Omit<ThreadOptions, "stop">;

export function createModelWorker(options: ModelWorkerOptions): Worker {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  let thread: Thread | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  let fault = "its thread ended";
  const next = async (asked: Thread): Promise<ThreadMessage> => {
    const first = await Promise.race([once(asked, "message") as Promise<[ThreadMessage]>, ended]);
    if (Array.isArray(first) && typeof first[0] === "object") return first[0] as ThreadMessage;
    return { kind: "failed", reason: fault };
  };
  const start = async (): Promise<Thread> => {
    const workerData: ThreadOptions = { ...options, stop };
    const started = new Thread(new URL("./model-thread.js", import.meta.url), { workerData });
    started.on("error", (error) => (fault = error.message));
    ended = once(started, "exit").catch(() => undefined);
    void ended.then(() => (thread = undefined));
    const message = await next(started);
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
        const message = await next(used);
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
