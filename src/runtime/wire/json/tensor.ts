/** JSON values into tensors of a declared type and shape. */

import { ScoringError } from "../../../core/problem.ts";
import type { TensorSpec } from "../../../core/tensors/signature.ts";
import {
  allocate,
  elementCount,
  inferDims,
  shapeFits,
  showShape,
} from "../../../core/tensors/tensor.ts";
import type { Tensor } from "../../../core/tensors/tensor.ts";
import { elementWriter, numbersAs } from "../element.ts";
import type { JsonValue } from "./scanner.ts";
import { NumberList } from "./number-list.ts";

/**
 * The tensor that a JSON value stands for under an input's type and shape. A flat or lower-rank list
 * with the right number of elements is reshaped.
 *
 * @param given dimensions that the sender states beside flat data (OIP's `shape`)
 * @throws ScoringError INPUT_SHAPE, INPUT_TYPE
 */
export function parseTensor(spec: TensorSpec, value: JsonValue, given?: readonly number[]): Tensor {
  const found = value instanceof NumberList ? value.dims : dimsOf(value);
  const count = elementCount(found);
  const dims = settleDims(spec, { found, count, ...(given && { given }) });
  const data = value instanceof NumberList ? numbersAs(spec, value.data) : fill(spec, value, found);
  return { type: spec.type, dims, data } as Tensor;
}

function fill(spec: TensorSpec, value: JsonValue, dims: readonly number[]): unknown {
  const data = allocate(spec.type, elementCount(dims));
  const write = elementWriter(spec, data);
  let at = 0;
  const level = (item: JsonValue, axis: number): void => {
    const list = item instanceof NumberList ? item.toNested() : item;
    if (axis === dims.length) {
      write(at, list);
      at += 1;
      return;
    }
    if (!Array.isArray(list) || list.length !== dims[axis]) throw ragged(spec, dims);
    for (const child of list as readonly JsonValue[]) level(child, axis + 1);
  };
  level(value, 0);
  return data;
}

/** The shape that the first element of each level shows; `fill` holds the others to it. */
function dimsOf(value: JsonValue): readonly number[] {
  const dims: number[] = [];
  let level = value;
  while (Array.isArray(level)) {
    const list = level as readonly JsonValue[];
    dims.push(list.length);
    const [first] = list;
    if (first === undefined) return dims;
    level = first;
  }
  return level instanceof NumberList ? [...dims, ...level.dims] : dims;
}

function ragged(spec: TensorSpec, dims: readonly number[]): ScoringError {
  return new ScoringError(
    "INPUT_SHAPE",
    `input '${spec.name}' is ragged: its first elements show the shape ${showShape(dims)}, others do not`,
  );
}

function settleDims(
  spec: TensorSpec,
  { found, count, given }: { found: readonly number[]; count: number; given?: readonly number[] },
): readonly number[] {
  const { shape } = spec;
  if (given !== undefined) {
    checkCount(spec, given, count);
    if (shape === null || shapeFits(shape, given)) return given;
    throw mismatch(spec, given);
  }
  if (shape === null || shapeFits(shape, found)) return found;
  // Only a flat or lower-rank list is reshaped: another shape of full rank is a mistake.
  const inferred = found.length < shape.length ? inferDims(shape, count) : undefined;
  if (inferred === undefined) throw mismatch(spec, found);
  return inferred;
}

/** @throws ScoringError INPUT_SHAPE where dimensions do not hold this many elements */
function checkCount(spec: TensorSpec, dims: readonly number[], count: number): void {
  if (elementCount(dims) === count) return;
  throw new ScoringError(
    "INPUT_SHAPE",
    `input '${spec.name}' has ${count} elements, but its shape ${showShape(dims)} holds ${elementCount(dims)}`,
  );
}

export function mismatch(spec: TensorSpec, dims: readonly number[]): ScoringError {
  return new ScoringError(
    "INPUT_SHAPE",
    `input '${spec.name}' has shape ${showShape(dims)}, expected ${spec.type} ${showShape(spec.shape ?? [])}`,
  );
}
