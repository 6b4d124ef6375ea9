/**
 * The contract of the runtime: one scoring request as an envelope, whoever asks (HTTP, edge
 * messages, batch) and wherever the engine sits (inline, worker thread, process).
 *
 *     request:  { protocol: { kind: "score" }, method: "POST", query: "", headers: { "content-type": "application/json" },
 *                 body: <{"data": [[1, 2]]}>, requestId: "…", cancellation }
 *     response: { status: 200, headers: { "content-type": "application/json" },
 *                 body: <{"outputs": {"y": [[0.5]]}}> }
 */

import type { Cancellation } from "./cancellation.ts";

/**
 * How the request was asked and its answer is to be written: at the scoring route (a script decides
 * its own bytes), or by the Open Inference Protocol, whose answers repeat the model's name.
 */
export type Protocol =
  { readonly kind: "score" } | { readonly kind: "oip"; readonly model: string };

export type ScoringRequest = {
  readonly protocol: Protocol;
  readonly method: string;
  /** What follows the question mark, without it. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** A deployment asked for by name: it bypasses the traffic rules. */
  readonly deployment?: string;
  readonly requestId: string;
  readonly cancellation: Cancellation;
};

export type ScoringResponse = {
  /** An HTTP status, also behind other fronts: they map it. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that stand more than once, with all their values; they go before those in `headers`. */
  readonly repeated?: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
};

export type Scorer = {
  /** Never rejects because of the request: a fault of it is a response. */
  readonly score: (request: ScoringRequest) => Promise<ScoringResponse>;
  /** Waits for what runs, then frees what it holds. */
  readonly close: () => Promise<void>;
};

/**
 * What stands behind one deployment: a model's engines, a script's processes. Admission in front of
 * it has granted a slot to each request that it gets, and holds the slot until `score` settles. When
 * a request is cancelled, its time is over or its caller is gone: nobody reads the answer any more,
 * and what can be stopped is to be stopped, so that the slot comes free.
 */
export type Backend = Scorer & {
  /** Loads and warms up. @throws Error with the reason when the deployment cannot be served */
  readonly start: () => Promise<void>;
  /** Whether it can take a request now. */
  readonly ready: () => boolean;
};
