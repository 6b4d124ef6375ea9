/** An input that any model takes in shape and type: what warm-up runs and measurements are fed. */

import type { Signature, TensorSpec } from "./signature.ts";
import { allocate, elementCount } from "./tensor.ts";
import type { Tensor } from "./tensor.ts";

/** Zeros (empty strings) of one item: every symbolic dimension is 1. */
export function zeroFeeds(signature: Signature): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(signature.inputs.map((input) => [input.name, zeros(input)]));
}

function zeros({ type, shape }: TensorSpec): Tensor {
  const dims = (shape ?? [1]).map((dim) => (typeof dim === "number" ? dim : 1));
  return { type, dims, data: allocate(type, elementCount(dims)) };
}
