/** The outside world, as types: what a test replaces and what the mains provide. */

export type Clock = {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds on a clock that never jumps. */
  readonly monotonic: () => number;
};

/** Field names are fixed: front, endpoint, deployment, requestId, ms, batch, code. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export type Log = {
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  /**
   * Like `info`, for a line of which there are very many: it may wait a moment for the next ones, and
   * is not made where nobody reads it.
   */
  readonly soon?: (message: () => string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
};
