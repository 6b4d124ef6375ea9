/** What a worker gets and gives: the contract between a job and whatever scores for it. */

/** A part of one file that is too large for one mini-batch. */
export type Span = {
  readonly startByte: number;
  readonly endByte: number;
  /** Of its first row within the file. */
  readonly startRow: number;
};

export type MiniBatch = {
  /** Counts from 0 in the order of the input; the same at every start of a job. */
  readonly id: number;
  /** Indexes in the job's list. */
  readonly files: readonly number[];
  readonly paths: readonly string[];
  readonly span?: Span;
  /** How many of its files end with it. */
  readonly ending: number;
};

export type Timing = {
  readonly readMs: number;
  readonly runMs: number;
  readonly writeMs: number;
};

export type FileError = {
  /** Index in the job's list of a file that fails by this; absent where a script fails as a whole. */
  readonly file?: number;
  readonly path?: string;
  readonly row?: number;
  readonly message: string;
};

export type Facts = {
  readonly ok: boolean;
  readonly tries: number;
  readonly rows: number;
  /** Items that failed without being named one by one; files in `errors` come on top. */
  readonly failedItems: number;
  readonly errors: readonly FileError[];
  readonly timing: Timing;
  /** What the rows' format begins with. */
  readonly head: string;
  readonly worker: number;
};

/** How one try of a mini-batch ended. */
export type Attempt =
  | {
      readonly kind: "scored";
      readonly rows: number;
      readonly head: string;
      readonly bytes: Uint8Array;
      readonly failedItems: number;
      readonly errors: readonly FileError[];
      readonly timing: Timing;
    }
  | { readonly kind: "failed"; readonly reason: string; readonly runMs: number };

export type Worker = {
  /** Loads what it needs. @throws Error with the reason */
  readonly start: () => Promise<void>;
  /** Never rejects: what goes wrong is a failed try. */
  readonly score: (miniBatch: MiniBatch, timeoutMs: number) => Promise<Attempt>;
  /** Lets the script say goodbye, where there is one. */
  readonly finish: () => Promise<void>;
  /** At once. */
  readonly kill: () => Promise<void>;
};
