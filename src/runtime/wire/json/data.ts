/** Tensors as JSON: flat, nested by their dimensions, as rows, or as one object a row. */

import { float16ToNumber } from "../../../core/tensors/float16.ts";
import { elementCount } from "../../../core/tensors/tensor.ts";
import type { Tensor } from "../../../core/tensors/tensor.ts";
import type { ByteWriter } from "./byte-writer.ts";

type ElementWriter = (index: number) => void;

const COMMA = 44;
const OPEN = 91;
const CLOSE = 93;

/**
 * Writes one element. float32 by the fewest digits that read back the same; NaN
 * and the infinities as the strings that the parser takes back; 64-bit integers beyond 2^53 as
 * strings, since a JSON number would be rounded.
 */
function elementsOf(writer: ByteWriter, { type, data }: Tensor): ElementWriter {
  switch (type) {
    case "float32":
      return (index) => writer.float32(data[index] as number);
    case "float16":
      return (index) => writer.ascii(numberText(float16ToNumber(data[index] as number)));
    case "float64":
      return (index) => writer.ascii(numberText(data[index] as number));
    case "int64":
    case "uint64":
      return (index) => writer.ascii(wideText(data[index] as bigint));
    case "bool":
      return (index) => writer.ascii(data[index] === 0 ? "false" : "true");
    case "string":
      return (index) => writer.text(JSON.stringify(data[index]));
    case "uint8":
    case "int8":
    case "uint16":
    case "int16":
    case "uint32":
    case "int32":
      return (index) => writer.ascii(String(data[index]));
  }
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? "-0" : String(value);
}

function wideText(value: bigint): string {
  const exact = value >= -9007199254740991n && value <= 9007199254740991n;
  return exact ? value.toString() : `"${value}"`;
}

/** All elements in one list, row-major. */
export function writeFlat(writer: ByteWriter, tensor: Tensor): void {
  writeList(writer, elementCount(tensor.dims), elementsOf(writer, tensor));
}

/** Lists in lists as the dimensions say; a scalar is its bare value. */
export function writeNested(writer: ByteWriter, tensor: Tensor): void {
  writeLevel(writer, tensor.dims, cursorOver(writer, tensor));
}

/** A writer of the slices along axis 0, for each row in turn. */
export function rowWriter(writer: ByteWriter, tensor: Tensor): () => void {
  const rest = tensor.dims.slice(1);
  const next = cursorOver(writer, tensor);
  return () => writeLevel(writer, rest, next);
}

/** A writer of a matrix as one object a row, its keys the labels of the columns. */
export function labelledRowWriter(
  writer: ByteWriter,
  tensor: Tensor,
  labels: readonly string[],
): () => void {
  const next = cursorOver(writer, tensor);
  const keys = labels.map(
    (label, column) => `${column === 0 ? "{" : ","}${JSON.stringify(label)}:`,
  );
  return () => {
    for (const key of keys) {
      writer.text(key);
      next();
    }
    writer.ascii("}");
  };
}

/** `count` times what `write` writes, in brackets. */
export function writeList(writer: ByteWriter, count: number, write: ElementWriter): void {
  writer.byte(OPEN);
  for (let index = 0; index < count; index += 1) {
    if (index > 0) writer.byte(COMMA);
    write(index);
  }
  writer.byte(CLOSE);
}

function cursorOver(writer: ByteWriter, tensor: Tensor): () => void {
  const write = elementsOf(writer, tensor);
  let index = 0;
  return () => {
    write(index);
    index += 1;
  };
}

function writeLevel(writer: ByteWriter, dims: readonly number[], next: () => void): void {
  const [length, ...rest] = dims;
  if (length === undefined) next();
  else if (rest.length === 0) writeList(writer, length, next);
  else writeList(writer, length, () => writeLevel(writer, rest, next));
}
