/** How wide is a row of a model's inputs and outputs, and how many may run together? */

import type { OutputSpec, Signature, TensorSpec } from "../../../core/tensors/signature.ts";
import { elementCount, showShape } from "../../../core/tensors/tensor.ts";

export type RowSpec<T extends TensorSpec = TensorSpec> = {
  readonly spec: T;
  /** Of one row, without the axis of rows. */
  readonly dims: readonly number[];
  readonly width: number;
  /** Whether axis 0 counts rows. */
  readonly axis: boolean;
};

/** @throws Error where the model does not say how large a row is */
export function inputRows({ inputs }: Signature): readonly RowSpec[] {
  return inputs.map((spec) => {
    const row = rowOf(spec);
    if (row !== undefined) return row;
    const shape = spec.shape === null ? "any shape" : showShape(spec.shape);
    throw new Error(
      `input '${spec.name}' takes ${shape}: rows have no fixed size, which a job without a script needs`,
    );
  });
}

/** `undefined`: rows of an output may have any size. */
export function outputRows({ outputs }: Signature): readonly (RowSpec<OutputSpec> | undefined)[] {
  return outputs.map(rowOf);
}

function rowOf<T extends TensorSpec>(spec: T): RowSpec<T> | undefined {
  const { shape } = spec;
  if (shape === null) return undefined;
  const [first] = shape;
  const axis = typeof first === "string" || first === 1;
  const dims = axis ? shape.slice(1) : shape;
  if (!dims.every((dim): dim is number => typeof dim === "number")) return undefined;
  return { spec, dims, width: elementCount(dims), axis };
}
