/** What goes into a model and what comes out. */

import type { DType, Dimension } from "./tensor.ts";

export type TensorSpec = {
  readonly name: string;
  readonly type: DType;
  /** null: the model does not say how many dimensions there are. */
  readonly shape: readonly Dimension[] | null;
};

/**
 * An output tensor. With `labels` the model's last step made a map of each row (scikit-learn's
 * ZipMap): the tensor is float32 `[rows, labels.length]` and an answer shows one object a row.
 */
export type OutputSpec = TensorSpec & { readonly labels?: readonly string[] };

export type Signature = {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly OutputSpec[];
};
