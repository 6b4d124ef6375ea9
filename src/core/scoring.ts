/**
 * The contract of the runtime: one scoring request as an envelope, whoever asks (HTTP, edge
 * messages, batch) and wherever the engine sits (inline, worker thread, process).
 *
 *     request:  { method: "POST", query: "", headers: { "content-type": "application/json" },
 *                 body: <{"data": [[1, 2]]}>, requestId: "…", deadline: 81234.5, signal }
 *     response: { status: 200, headers: { "content-type": "application/json" },
 *                 body: <{"outputs": {"y": [[0.5]]}}> }
 */

export type ScoringRequest = {
  readonly method: string;
  /** What follows the question mark, without it. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** A deployment asked for by name: it bypasses the traffic rules. */
  readonly deployment?: string;
  readonly requestId: string;
  /** On the monotonic clock, in ms: past it nobody waits for the answer. */
  readonly deadline: number;
  readonly signal: AbortSignal;
};

export type ScoringResponse = {
  /** An HTTP status, also behind other fronts: they map it. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
};

export type Scorer = {
  /** Never rejects because of the request: a fault of it is a response. */
  readonly score: (request: ScoringRequest) => Promise<ScoringResponse>;
  /** Waits for what runs, then frees what it holds. */
  readonly close: () => Promise<void>;
};
