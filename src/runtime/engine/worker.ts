/** A worker thread with one model: takes raw bodies, hands back answers as bytes. */

import { parentPort, workerData } from "node:worker_threads";

import { createModelScorer } from "./model-scorer.ts";
import type { EngineRequest, ModelOptions, ModelScorer } from "./model-scorer.ts";

/** Main thread → worker. */
export type WorkerCall = EngineRequest & { readonly id: number };

/** Worker → main thread. */
export type WorkerMessage =
  | { readonly kind: "ready"; readonly loadMs: number; readonly warmUpFault?: string }
  | { readonly kind: "failed"; readonly reason: string }
  | {
      readonly kind: "answer";
      readonly id: number;
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
      readonly fault?: string;
    };

const port = parentPort;
if (port === null) throw new Error("worker.js runs as a worker thread only");

const send = (message: WorkerMessage, transfer: readonly ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer);

async function answer(scorer: ModelScorer, { id, ...request }: WorkerCall): Promise<void> {
  const { response, fault } = await scorer.score(request);
  const body = ownBytes(response.body as Uint8Array);
  const { status, headers } = response;
  send({ kind: "answer", id, status, headers, body, ...(fault !== undefined && { fault }) }, [
    body.buffer,
  ]);
}

/** Bytes alone in their buffer can move to the other thread; a view of a shared pool is copied. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength
    ? (bytes as Uint8Array<ArrayBuffer>)
    : new Uint8Array(bytes);
}

try {
  const start = performance.now();
  const { scorer, warmUpFault } = await createModelScorer(workerData as ModelOptions);
  port.on("message", (call: WorkerCall) => void answer(scorer, call));
  send({
    kind: "ready",
    loadMs: performance.now() - start,
    ...(warmUpFault !== undefined && { warmUpFault }),
  });
} catch (error) {
  send({ kind: "failed", reason: (error as Error).message });
}
