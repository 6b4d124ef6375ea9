/** NumPy's file format, and bare bytes: where rows lie in them, and rows as elements of an input. */

import { float16ToNumber } from "../../../core/tensors/float16.ts";
import { DTYPES, elementCount } from "../../../core/tensors/tensor.ts";
import type { DType, TensorData } from "../../../core/tensors/tensor.ts";
import { numbersAs } from "../../wire/element.ts";
import type { RowSpec } from "./row-layout.ts";

export type ArrayLayout = {
  readonly type: DType;
  readonly dataStart: number;
  readonly rows: number;
  readonly rowBytes: number;
};

/** Enough for any head of the versions that NumPy writes for plain arrays. */
export const NPY_HEAD_BYTES = 4096;

const CUT_OFF = "the file ends within its head";

/** @source numpy: numpy.lib.format */
const TYPES: Readonly<Record<string, DType>> = {
  "<f4": "float32",
  "<f8": "float64",
  "<f2": "float16",
  "|u1": "uint8",
  "|i1": "int8",
  "<u2": "uint16",
  "<i2": "int16",
  "<u4": "uint32",
  "<i4": "int32",
  "<u8": "uint64",
  "<i8": "int64",
  "|b1": "bool",
};

/** @throws Error where the file is no array of such rows */
export function npyLayout(start: Buffer, size: number, row: RowSpec): ArrayLayout {
  if (start.toString("latin1", 0, 6) !== "\x93NUMPY") throw new Error("the file is no NPY file");
  const wide = (start[6] ?? 1) > 1;
  if (start.length < (wide ? 12 : 10)) throw new Error(CUT_OFF);
  const dataStart = (wide ? 12 : 10) + (wide ? start.readUInt32LE(8) : start.readUInt16LE(8));
  if (dataStart > size) throw new Error(CUT_OFF);
  if (dataStart > start.length) {
    throw new Error(`the head has ${dataStart} bytes, expected at most ${NPY_HEAD_BYTES}`);
  }
  const head = start.toString("latin1", wide ? 12 : 10, dataStart);
  const descr = /'descr': *'([^']+)'/.exec(head)?.[1] ?? "";
  const type = TYPES[descr.replace(/^=/, "<")];
  if (type === undefined) {
    const expected = descr.startsWith(">") ? "little-endian numbers" : "numbers";
    throw new Error(
      `the array's type is ${descr || "a record"}, expected ${expected}, such as <f4`,
    );
  }
  if (!head.includes("'fortran_order': False"))
    throw new Error("the array is in Fortran order, expected C order");
  const shape = /'shape': *\(([^)]*)\)/.exec(head)?.[1] ?? "";
  const dims = shape
    .split(",")
    .map((dim) => dim.trim())
    .filter((dim) => dim !== "")
    .map(Number);
  if (!dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) {
    throw new Error(`the array is [${dims.join(",")}], and no array has such a shape`);
  }
  const count = elementCount(dims);
  const rowBytes = row.width * DTYPES[type].bytes;
  if (size < dataStart + count * DTYPES[type].bytes)
    throw new Error("the file is shorter than its head says");
  const rows = count / row.width;
  const agrees = dims[0] === rows || (rows === 1 && count === row.width);
  if (!Number.isInteger(rows) || !agrees) {
    throw new Error(`the array is [${dims.join(",")}], expected rows of [${row.dims.join(",")}]`);
  }
  return { type, dataStart, rows, rowBytes };
}

/** @throws Error where the size is no whole number of rows */
export function rawLayout(size: number, { spec, width }: RowSpec): ArrayLayout {
  const { type } = spec;
  const rowBytes = width * DTYPES[type].bytes;
  if (rowBytes === 0) throw new Error("strings have no bare bytes: use JSONL or CSV");
  const rows = size / rowBytes;
  if (size > 0 && Number.isInteger(rows)) return { type, dataStart: 0, rows, rowBytes };
  throw new Error(`the file has ${size} bytes, expected a multiple of ${rowBytes}`);
}

/** @throws Error where the input's type cannot hold a number */
export function elementsOf(bytes: Buffer, type: DType, { spec }: RowSpec): TensorData {
  const data = typedView(bytes, type);
  if (type === spec.type) return data;
  if (type === "float16")
    return numbersAs(spec, Float64Array.from(data as Uint16Array, float16ToNumber));
  return numbersAs(spec, Float64Array.from(data as ArrayLike<number>, Number));
}

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  uint8: Uint8Array,
  int8: Int8Array,
  bool: Uint8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  uint64: BigUint64Array,
  int64: BigInt64Array,
} as const;

function typedView(bytes: Buffer, type: DType): TensorData {
  if (type === "string") throw new Error("an array of strings has no fixed size");
  const array = ARRAYS[type];
  const aligned =
    bytes.byteOffset % array.BYTES_PER_ELEMENT === 0
      ? bytes
      : Buffer.from(Uint8Array.from(bytes).buffer);
  return new array(
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.length / array.BYTES_PER_ELEMENT,
  );
}
