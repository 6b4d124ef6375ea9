/** Tensors as JSON text: flat, nested by their dimensions, or as one object a row. */

import { float16ToNumber } from "../../core/float16.ts";
import { elementCount } from "../../core/tensor.ts";
import type { Tensor } from "../../core/tensor.ts";

/**
 * The JSON text of one element. float16 as a number; NaN and the infinities as the strings that the
 * parser takes back; 64-bit integers beyond 2^53 as strings, since a JSON number would be rounded.
 */
function elementText(tensor: Tensor): (index: number) => string {
  const { type, data } = tensor;
  switch (type) {
    case "float32":
    case "float64":
      return (index) => numberText(data[index] as number);
    case "float16":
      return (index) => numberText(float16ToNumber(data[index] as number));
    case "int64":
    case "uint64":
      return (index) => wideText(data[index] as bigint);
    case "bool":
      return (index) => (data[index] === 0 ? "false" : "true");
    case "string":
      return (index) => JSON.stringify(data[index]);
    case "uint8":
    case "int8":
    case "uint16":
    case "int16":
    case "uint32":
    case "int32":
      return (index) => String(data[index]);
  }
}

function numberText(value: number): string {
  return Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`;
}

function wideText(value: bigint): string {
  const exact = value >= -9007199254740991n && value <= 9007199254740991n;
  return exact ? value.toString() : `"${value}"`;
}

/** All elements in one list, row-major. */
export function flatText(tensor: Tensor): string {
  const text = elementText(tensor);
  return `[${Array.from({ length: elementCount(tensor.dims) }, (_, index) => text(index)).join(",")}]`;
}

/** Lists in lists as the dimensions say; a scalar is its bare value. */
export function nestedText(tensor: Tensor): string {
  const text = elementText(tensor);
  let next = 0;
  const level = (axis: number): string => {
    if (axis === tensor.dims.length) {
      next += 1;
      return text(next - 1);
    }
    const items = Array.from({ length: tensor.dims[axis] ?? 0 }, () => level(axis + 1));
    return `[${items.join(",")}]`;
  };
  return level(0);
}

/** The nested texts of the slices along axis 0. */
export function rowTexts(tensor: Tensor): readonly string[] {
  const [rows = 0, ...rest] = tensor.dims;
  const width = elementCount(rest);
  return Array.from({ length: rows }, (_, row) =>
    nestedText({
      type: tensor.type,
      dims: rest,
      data: tensor.data.slice(row * width, (row + 1) * width),
    }),
  );
}

/** A matrix as one object a row, its keys the labels of the columns. */
export function labelledRowTexts(tensor: Tensor, labels: readonly string[]): readonly string[] {
  const text = elementText(tensor);
  const width = labels.length;
  const rows = width === 0 ? 0 : elementCount(tensor.dims) / width;
  return Array.from({ length: rows }, (_, row) => {
    const pairs = labels.map(
      (label, column) => `${JSON.stringify(label)}:${text(row * width + column)}`,
    );
    return `{${pairs.join(",")}}`;
  });
}
