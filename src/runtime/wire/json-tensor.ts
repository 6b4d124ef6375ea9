/** Nested JSON lists into tensors of a declared type and shape. */

import { ScoringError } from "../../core/problem.ts";
import type { TensorSpec } from "../../core/signature.ts";
import { allocate, elementCount, inferDims, shapeFits, showShape } from "../../core/tensor.ts";
import type { Tensor } from "../../core/tensor.ts";
import { elementWriter } from "./element.ts";

/** Deeper than any tensor, shallow enough for the stack. */
const MAX_DEPTH = 64;

/**
 * The tensor that a JSON value stands for under an input's type and shape. A flat or lower-rank list
 * with the right number of elements is reshaped.
 *
 * @param given dimensions that the sender states beside flat data (OIP's `shape`)
 * @throws ScoringError INPUT_SHAPE, INPUT_TYPE
 */
export function parseTensor(spec: TensorSpec, value: unknown, given?: readonly number[]): Tensor {
  const found = dimsOf(spec, value);
  const count = elementCount(found);
  const dims = settleDims(spec, { found, count, ...(given && { given }) });
  const data = allocate(spec.type, count);
  const write = elementWriter(spec, data);
  let at = 0;
  const fill = (item: unknown, axis: number): void => {
    if (axis === found.length) {
      write(at, item);
      at += 1;
      return;
    }
    if (!Array.isArray(item) || item.length !== found[axis]) throw ragged(spec, found);
    for (const child of item) fill(child, axis + 1);
  };
  fill(value, 0);
  return { type: spec.type, dims, data };
}

/** The shape that the first element of each level shows; `fill` holds the others to it. */
function dimsOf(spec: TensorSpec, value: unknown): readonly number[] {
  const dims: number[] = [];
  for (let level = value; Array.isArray(level); level = level[0]) {
    dims.push(level.length);
    if (dims.length > MAX_DEPTH) {
      throw new ScoringError(
        "INPUT_SHAPE",
        `input '${spec.name}' is nested more than ${MAX_DEPTH} levels deep`,
      );
    }
    if (level.length === 0) break;
  }
  return dims;
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
    if (elementCount(given) !== count) {
      throw new ScoringError(
        "INPUT_SHAPE",
        `input '${spec.name}' has ${count} elements, but its shape ${showShape(given)} holds ${elementCount(given)}`,
      );
    }
    if (shape === null || shapeFits(shape, given)) return given;
    throw mismatch(spec, given);
  }
  if (shape === null || shapeFits(shape, found)) return found;
  // Only a flat or lower-rank list is reshaped: another shape of full rank is a mistake.
  const inferred = found.length < shape.length ? inferDims(shape, count) : undefined;
  if (inferred === undefined) throw mismatch(spec, found);
  return inferred;
}

function mismatch(spec: TensorSpec, dims: readonly number[]): ScoringError {
  return new ScoringError(
    "INPUT_SHAPE",
    `input '${spec.name}' has shape ${showShape(dims)}, expected ${spec.type} ${showShape(spec.shape ?? [])}`,
  );
}
