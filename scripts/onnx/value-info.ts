/** What is an input or output of a graph called, and what is it: a tensor, a sequence or a map? */

import { DTYPES, type Dimension, type DType } from "../../src/core/tensors/tensor.ts";
import { intField, messageField, textField } from "./protobuf.ts";

type ValueType =
  | { readonly tensor: DType; readonly shape: readonly Dimension[] }
  | { readonly sequence: ValueType }
  | { readonly map: { readonly key: "int64" | "string"; readonly value: ValueType } }
  | { readonly optional: ValueType };

export type Value = { readonly name: string; readonly type: ValueType };

export function tensor(name: string, type: DType, shape: readonly Dimension[]): Value {
  return { name, type: { tensor: type, shape } };
}

/** A dimension called `"?"` is left without size and name. @source onnx.proto: TensorShapeProto */
function dimension(dim: Dimension): Uint8Array {
  if (typeof dim === "number") return messageField(1, [intField(1, dim)]);
  return messageField(1, dim === "?" ? [] : [textField(2, dim)]);
}

/** @source onnx.proto: TypeProto */
function typeFields(type: ValueType): Uint8Array {
  if ("tensor" in type) {
    const shape = messageField(2, type.shape.map(dimension));
    return messageField(1, [intField(1, DTYPES[type.tensor].onnx), shape]);
  }
  if ("sequence" in type) return messageField(4, [messageField(1, [typeFields(type.sequence)])]);
  if ("optional" in type) return messageField(9, [messageField(1, [typeFields(type.optional)])]);
  const value = messageField(2, [typeFields(type.map.value)]);
  return messageField(5, [intField(1, DTYPES[type.map.key].onnx), value]);
}

/** @source onnx.proto: ValueInfoProto */
export function valueInfoFields(value: Value): readonly Uint8Array[] {
  return [textField(1, value.name), messageField(2, [typeFields(value.type)])];
}
