/** Rows of one file, read and ready to run: what every reader of a file format gives. */

import type { TensorData } from "../../../core/tensors/tensor.ts";
import type { FileError } from "../workers/mini-batch.ts";

export type RowBlock = {
  /** Number of each row within its file, from 0. */
  readonly numbers: ArrayLike<number>;
  /** For each input of the signature, its rows one after the other. */
  readonly data: readonly TensorData[];
  /** Rows that could not be read. */
  readonly errors: readonly Pick<FileError, "row" | "message">[];
};

/** Whose rows are read, and which part of the file. */
export type Reading = {
  readonly path: string;
  readonly bytes: Buffer;
  readonly startRow: number;
  /** First line of the file, where `bytes` begins behind it. */
  readonly firstLine?: string;
};
