/** What one engine is to the others: some requests in, their answers out, wherever it runs. */

import type { ScoringRequest } from "../../../core/scoring.ts";

/** What crosses to the engine of a request; the rest of the envelope stays with who asked. */
export type EngineRequest = Pick<ScoringRequest, "protocol" | "headers" | "body">;

export type EngineAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Of the run that this request was part of; 0 where there was none. */
  readonly runMs: number;
  /** Requests in that run. */
  readonly batch: number;
  /** What the log should know of it. */
  readonly fault?: string;
};

export type Instance = {
  /** How many requests it may be given at once. */
  readonly maxRequests: number;
  /** At once on the thread that asks; elsewhere it rejects when the engine ends before it answers. */
  readonly score: (
    requests: readonly EngineRequest[],
  ) => readonly EngineAnswer[] | Promise<readonly EngineAnswer[]>;
  readonly close: () => Promise<void>;
  /** Settles when the engine has ended, with the reason. */
  readonly ended: Promise<string>;
};
