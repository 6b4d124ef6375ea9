/** The main thread's end of one engine: starts its worker thread, sends it requests, notices its end. */

import { Worker } from "node:worker_threads";

import { ScoringError } from "../../core/problem.ts";
import type { ScoringResponse } from "../../core/scoring.ts";
import type { EngineRequest, ModelOptions } from "./model-scorer.ts";
import type { WorkerMessage } from "./worker.ts";

export type Answer = { readonly response: ScoringResponse; readonly fault?: string };

export type Instance = {
  readonly loadMs: number;
  readonly warmUpFault?: string;
  /** Rejects with ScoringError ENGINE_STOPPED when the engine ends before it answers. */
  readonly score: (request: EngineRequest) => Promise<Answer>;
  readonly close: () => Promise<void>;
  /** Settles when the thread has ended, with the reason. */
  readonly ended: Promise<string>;
};

type Waiter = {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
};

/** @throws Error with ONNX Runtime's own words when the model cannot be loaded */
export async function startInstance(model: ModelOptions): Promise<Instance> {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: model });
  const waiting = new Map<number, Waiter>();
  let nextId = 0;
  const ended = watchEnd(worker, waiting);
  const ready = await firstMessage(worker, ended);
  worker.on("message", (message: WorkerMessage) => {
    if (message.kind !== "answer") return;
    const waiter = waiting.get(message.id);
    waiting.delete(message.id);
    const { status, headers, body, fault } = message;
    waiter?.resolve({ response: { status, headers, body }, ...(fault !== undefined && { fault }) });
  });
  return {
    loadMs: ready.loadMs,
    ...(ready.warmUpFault !== undefined && { warmUpFault: ready.warmUpFault }),
    score: ({ headers, body }) => {
      const id = nextId;
      nextId += 1;
      // The body moves to the worker: it was read for this request alone.
      const transfer =
        body.byteLength === body.buffer.byteLength ? [body.buffer as ArrayBuffer] : [];
      worker.postMessage({ id, headers, body }, transfer);
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    close: async () => {
      await worker.terminate();
    },
    ended,
  };
}

function watchEnd(worker: Worker, waiting: Map<number, Waiter>): Promise<string> {
  return new Promise((resolve) => {
    let reason = "";
    worker.on("error", (error) => (reason = error.stack ?? String(error)));
    worker.once("exit", (code) => {
      for (const waiter of waiting.values()) {
        waiter.reject(new ScoringError("ENGINE_STOPPED", "the engine stopped before it answered"));
      }
      waiting.clear();
      resolve(reason || `the worker thread ended with code ${code}`);
    });
  });
}

async function firstMessage(
  worker: Worker,
  ended: Promise<string>,
): Promise<Extract<WorkerMessage, { kind: "ready" }>> {
  const message = await Promise.race([
    new Promise<WorkerMessage>((resolve) => worker.once("message", resolve)),
    ended.then((reason): WorkerMessage => ({ kind: "failed", reason })),
  ]);
  if (message.kind === "ready") return message;
  await worker.terminate();
  throw new Error(message.kind === "failed" ? message.reason : "the engine spoke out of turn");
}
