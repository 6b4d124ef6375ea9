/** Tensors as raw bytes: little-endian, no padding; strings with their length in four bytes before them. */

import { ScoringError } from "../../core/problem.ts";
import type { TensorSpec } from "../../core/tensors/signature.ts";
import { allocate, DTYPES, elementCount, showShape } from "../../core/tensors/tensor.ts";
import type { Tensor } from "../../core/tensors/tensor.ts";
import { isWholeText } from "./element.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws ScoringError INPUT_SHAPE, INPUT_TYPE where the bytes are not a tensor of these dimensions */
export function parseRawTensor(
  spec: TensorSpec,
  dims: readonly number[],
  bytes: Uint8Array,
): Tensor {
  const count = elementCount(dims);
  if (spec.type === "string")
    return { type: "string", dims, data: parseStrings(spec, count, bytes) };
  const expected = count * DTYPES[spec.type].bytes;
  if (bytes.length !== expected) {
    throw new ScoringError(
      "INPUT_SHAPE",
      `input '${spec.name}' has ${bytes.length} bytes, expected ${expected} for ${spec.type} ${showShape(dims)}`,
    );
  }
  if (spec.type === "bool" && bytes.some((byte) => byte > 1)) {
    throw new ScoringError(
      "INPUT_TYPE",
      `input '${spec.name}' has bytes other than 0 and 1 for bool`,
    );
  }
  // A copy, since the place of a tensor in a body need not be aligned to its elements.
  const data = allocate(spec.type, count);
  new Uint8Array(data.buffer).set(bytes);
  return { type: spec.type, dims, data };
}

function parseStrings(spec: TensorSpec, count: number, bytes: Uint8Array): readonly string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at + 4;
    const end = start <= bytes.length ? start + view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) {
      throw new ScoringError(
        "INPUT_SHAPE",
        `input '${spec.name}' is cut off in string ${strings.length}`,
      );
    }
    strings.push(decode(spec, bytes.subarray(start, end)));
    at = end;
  }
  if (strings.length === count) return strings;
  throw new ScoringError(
    "INPUT_SHAPE",
    `input '${spec.name}' has ${strings.length} strings, expected ${count}`,
  );
}

/** @throws ScoringError INPUT_TYPE where the bytes are not UTF-8, or have a NUL */
export function decode(spec: TensorSpec, bytes: Uint8Array): string {
  let text;
  try {
    text = utf8.decode(bytes);
  } catch (error) {
    throw new ScoringError("INPUT_TYPE", `input '${spec.name}' has a string that is not UTF-8`, {
      cause: error,
    });
  }
  if (isWholeText(text)) return text;
  throw new ScoringError("INPUT_TYPE", `input '${spec.name}' has a string with a NUL in it`);
}

/** The bytes of a tensor; a view of its data where that is possible. */
export function rawBytes({ type, data }: Tensor): Uint8Array {
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  if (type !== "string") throw new Error(`a tensor of ${type} without an array`);
  const parts = data.flatMap((text) => {
    const encoded = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(encoded.length);
    return [length, encoded];
  });
  return Buffer.concat(parts);
}
