/** How does a constant tensor lie in a model: inside the file, or as a range of a file beside it? */

import { DTYPES, type DType, type Tensor, type TensorData } from "../../src/core/tensors/tensor.ts";
import { bytesField, intField, messageField, textField } from "./protobuf.ts";

export type ExternalTensor = {
  readonly type: DType;
  readonly dims: readonly number[];
  /** File name relative to the model's folder. */
  readonly location: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
};

export type Initializer = { readonly name: string; readonly tensor: Tensor | ExternalTensor };

const EXTERNAL = 1;

export function constant(name: string, tensor: Tensor | ExternalTensor): Initializer {
  return { name, tensor };
}

export function floats(name: string, dims: readonly number[], data: Float32Array): Initializer {
  return constant(name, { type: "float32", dims, data });
}

/** A one-dimensional int64 tensor: axes, shapes, starts, ends. */
export function int64s(name: string, values: readonly number[]): Initializer {
  const data = BigInt64Array.from(values, (value) => BigInt(value));
  return constant(name, { type: "int64", dims: [values.length], data });
}

/** Typed arrays have the byte order of the machine; every platform of Node is little-endian, as ONNX is. */
function contentFields(data: TensorData): readonly Uint8Array[] {
  if ("buffer" in data) {
    return [bytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
  }
  return data.map((text) => textField(6, text));
}

function externalFields(tensor: ExternalTensor): readonly Uint8Array[] {
  const entries = [
    ["location", tensor.location],
    ["offset", String(tensor.offsetBytes)],
    ["length", String(tensor.lengthBytes)],
  ] as const;
  return [
    ...entries.map(([key, value]) => messageField(13, [textField(1, key), textField(2, value)])),
    intField(14, EXTERNAL),
  ];
}

/** @source onnx.proto: TensorProto */
export function tensorFields({ name, tensor }: Initializer): readonly Uint8Array[] {
  return [
    ...tensor.dims.map((dim) => intField(1, dim)),
    intField(2, DTYPES[tensor.type].onnx),
    textField(8, name),
    ...("data" in tensor ? contentFields(tensor.data) : externalFields(tensor)),
  ];
}
