/** A worker thread of a job without a script: one model, mini-batches in, rows as bytes out. */

import { parentPort, workerData } from "node:worker_threads";

import type { Signature } from "../../../core/tensors/signature.ts";
import { createSession } from "../../../model/onnxruntime.ts";
import { profileModel } from "../../engine/profile.ts";
import type { Attempt, MiniBatch } from "./mini-batch.ts";
import { createRowScorer } from "../rows/row-scorer.ts";
import type { Format } from "../settings.ts";

export type ThreadOptions = {
  readonly path: string;
  readonly signature: Signature;
  readonly threads: number;
  readonly format: Format;
  readonly root: string;
  /** One element; not 0: end before the next run. */
  readonly stop: Int32Array;
};

export type ThreadMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "attempt"; readonly attempt: Attempt };

const port = parentPort;
if (port === null) throw new Error("model-thread.js runs as a worker thread only");
const { path, signature, threads, format, root, stop } = workerData as ThreadOptions;

const tell = (message: ThreadMessage, moved: readonly ArrayBuffer[] = []): void =>
  port.postMessage(message, moved);

try {
  const session = await createSession(path, signature, { threads });
  const { maxRows } = profileModel(session, signature);
  const score = createRowScorer({
    session,
    signature,
    format,
    root,
    maxRows,
    stopped: () => Atomics.load(stop, 0) !== 0,
    now: () => performance.now(),
  });
  port.on("message", (miniBatch: MiniBatch | "close") => {
    if (miniBatch === "close") {
      session.release();
      port.close();
      return;
    }
    const attempt = score(miniBatch);
    if (attempt.kind === "failed") tell({ kind: "attempt", attempt });
    else {
      const bytes = new Uint8Array(attempt.bytes);
      tell({ kind: "attempt", attempt: { ...attempt, bytes } }, [bytes.buffer]);
    }
  });
  tell({ kind: "ready" });
} catch (error) {
  tell({ kind: "failed", reason: (error as Error).message });
}
