/** How does one request run in a process, and what ends it before its answer? */

import { Readable } from "node:stream";

import type { ScoringRequest } from "../../../core/scoring.ts";
import type { Reply } from "./conversation.ts";
import type { ScriptProcess } from "../processes/script-process.ts";

export type RunOptions = {
  /** `SCORING_TIMEOUT_MS`, where the deployment sets it. */
  readonly timeoutMs: number | undefined;
  readonly requestTimeoutMs: number;
  /** Told of every answer, also of one that nobody waits for any more. */
  readonly onReply: (reply: Reply) => void;
  /** The process can take the next request. */
  readonly onFree: () => void;
};

export type Outcome =
  | { readonly kind: "reply"; readonly reply: Reply }
  /** Longer than `timeoutMs`: the process is killed. */
  | { readonly kind: "timeout" }
  /** Nobody reads the answer any more. */
  | { readonly kind: "abandoned" }
  /** The process ended. */
  | { readonly kind: "ended"; readonly reason: string };

/** How long a script may go on after a stream that nobody reads any more. */
const LEFT_STREAM_MS = 5000;

export function runRequest(
  process: ScriptProcess,
  request: ScoringRequest,
  { timeoutMs, requestTimeoutMs, onReply, onFree }: RunOptions,
): Promise<Outcome> {
  const { method, query, headers, body, cancellation } = request;
  const envelope = [method, "/score", query, headers["content-type"] ?? ""];
  const start = performance.now();
  const call = process.call({ envelope, headers, body });
  void call.done.then(onFree);
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (outcome: Outcome): void => {
      clearTimeout(timer);
      cancellation.tell(undefined);
      resolve(outcome);
    };
    const onAbort = (): void => {
      if (cancellation.timedOut) process.kill("the run took longer than request_timeout_ms");
      // The caller is gone before that: the run may end, since a new process costs more.
      else {
        const leftMs = requestTimeoutMs - (performance.now() - start);
        killUnlessDone(process, call.done, Math.max(0, leftMs));
      }
      settle({ kind: "abandoned" });
    };
    if (timeoutMs !== undefined) {
      timer = setTimeout(() => {
        process.kill(`the run took longer than SCORING_TIMEOUT_MS, ${timeoutMs} ms`);
        settle({ kind: "timeout" });
      }, timeoutMs);
    }
    if (cancellation.cancelled) onAbort();
    else cancellation.tell(onAbort);
    call.reply.then(
      (reply) => {
        onReply(reply);
        if (reply.body instanceof Readable) watchStream(reply.body, process, call.done);
        settle({ kind: "reply", reply });
      },
      (error: Error) => settle({ kind: "ended", reason: error.message }),
    );
  });
}

function watchStream(stream: Readable, process: ScriptProcess, done: Promise<void>): void {
  stream.once("close", () => {
    if (!stream.readableEnded) killUnlessDone(process, done, LEFT_STREAM_MS);
  });
}

function killUnlessDone(process: ScriptProcess, done: Promise<void>, afterMs: number): void {
  const timer = setTimeout(() => process.kill("nobody waits for its answer any more"), afterMs);
  void done.then(() => clearTimeout(timer));
}
