/** How many bytes has a tensor, and which are they, whatever field of the protobuf holds its numbers? */

import { fieldsOf, int64sOf, joinBytes, WireError } from "../../protobuf.ts";

/** Bits of one element by TensorProto.DataType; a string has no fixed size. @source onnx/onnx: onnx/onnx.proto */
const ELEMENT_BITS: Readonly<Record<number, number>> = {
  1: 32,
  2: 8,
  3: 8,
  4: 16,
  5: 16,
  6: 32,
  7: 64,
  9: 8,
  10: 16,
  11: 64,
  12: 32,
  13: 64,
  14: 64,
  15: 128,
  16: 16,
  17: 8,
  18: 8,
  19: 8,
  20: 8,
  21: 4,
  22: 4,
  23: 4,
  24: 8,
  25: 2,
  26: 2,
};

/** Fields of TensorProto that hold numbers one by one. */
export const NUMBER_FIELDS = { float: 4, int32: 5, int64: 7, double: 10, uint64: 11 } as const;

/** `undefined` for strings and for types that this version of ONNX does not know. */
export function tensorBytes(type: number, dims: readonly number[]): number | undefined {
  const bits = ELEMENT_BITS[type];
  if (bits === undefined) return undefined;
  return Math.ceil((dims.reduce((count, dim) => count * dim, 1) * bits) / 8);
}

/**
 * The little-endian bytes that `raw_data` would hold.
 *
 * @param fields all fields of the tensor of one of these numbers, end to end
 */
export function rawBytes(fields: Uint8Array, type: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const field of fieldsOf(fields)) {
    if (field.number === NUMBER_FIELDS.float || field.number === NUMBER_FIELDS.double)
      parts.push(field.wireType === 2 ? field.bytes : field.raw.subarray(1));
    else parts.push(integerBytes(int64sOf(field), ELEMENT_BITS[type] ?? 8));
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** One number holds two elements of four bits. */
function integerBytes(values: readonly bigint[], bits: number): Uint8Array {
  const size = Math.max(1, bits / 8);
  const bytes = Buffer.alloc(values.length * size);
  for (const [index, value] of values.entries()) {
    if (size === 8) bytes.writeBigUInt64LE(BigInt.asUintN(64, value), index * size);
    else bytes.writeUIntLE(Number(BigInt.asUintN(size * 8, value)), index * size, size);
  }
  return bytes;
}

/** A whole TensorProto; `undefined` where the bytes are none. */
export function tensorOfMessage(
  message: Uint8Array,
):
  | { readonly type: number; readonly dims: readonly number[]; readonly bytes: Uint8Array }
  | undefined {
  const dims: number[] = [];
  const numbers: Uint8Array[] = [];
  let type = 0;
  let bytes: Uint8Array | undefined;
  try {
    for (const field of fieldsOf(message)) {
      if (field.number === 1) dims.push(...int64sOf(field).map(Number));
      else if (field.number === 2) type = field.value;
      else if (field.number === 9) ({ bytes } = field);
      else if (Object.values<number>(NUMBER_FIELDS).includes(field.number)) numbers.push(field.raw);
    }
    return { type, dims, bytes: bytes ?? rawBytes(joinBytes(numbers), type) };
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
