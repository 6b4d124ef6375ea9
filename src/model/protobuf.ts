/** The protobuf wire format: reading the fields of a message in place, and writing a few back. */

const VARINT = 0;
const LENGTH_DELIMITED = 2;

export type Field = {
  readonly number: number;
  readonly wireType: number;
  /** Of a varint; beyond 2^53 it has lost its last digits. 0 for the other wire types. */
  readonly value: number;
  /** Of a length-delimited field: a view, not a copy. */
  readonly bytes: Uint8Array;
  /** The whole field with its tag, as a view. */
  readonly raw: Uint8Array;
};

/** Bytes that are not a protobuf message. */
export class WireError extends Error {}

const NO_BYTES = new Uint8Array(0);

/**
 * The fields of one message, in order, nothing copied.
 *
 * @throws WireError where a field is cut off or has an unknown wire type
 * @source protobuf.dev: programming-guides/encoding
 */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const cursor = { at: 0 };
  while (cursor.at < message.length) {
    const start = cursor.at;
    const tag = readVarint(message, cursor);
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (number === 0) throw new WireError(`field number 0 at byte ${start}`);
    let value = 0;
    let bytes: Uint8Array = NO_BYTES;
    if (wireType === VARINT) value = readVarint(message, cursor);
    else if (wireType === 1) readBytes(message, cursor, 8);
    else if (wireType === 5) readBytes(message, cursor, 4);
    else if (wireType === LENGTH_DELIMITED) {
      bytes = readBytes(message, cursor, readVarint(message, cursor));
    } else throw new WireError(`wire type ${wireType} at byte ${start}`);
    yield { number, wireType, value, bytes, raw: message.subarray(start, cursor.at) };
  }
}

function readVarint(message: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  let scale = 1;
  for (let count = 0; count < 10; count += 1) {
    const byte = message[cursor.at];
    if (byte === undefined) throw new WireError(`varint cut off at byte ${cursor.at}`);
    cursor.at += 1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  throw new WireError(`varint longer than ten bytes at byte ${cursor.at}`);
}

function readBytes(message: Uint8Array, cursor: { at: number }, length: number): Uint8Array {
  const end = cursor.at + length;
  if (end > message.length) throw new WireError(`field cut off at byte ${cursor.at}`);
  const bytes = message.subarray(cursor.at, end);
  cursor.at = end;
  return bytes;
}

/** A repeated int64 field: packed in one length-delimited field, or one varint a field. */
export function int64sOf(field: Field): readonly bigint[] {
  if (field.wireType === VARINT) return [signedVarint(field.raw, varintLength(field.number * 8))];
  const values: bigint[] = [];
  for (let at = 0; at < field.bytes.length;) {
    let end = at;
    while ((field.bytes[end] ?? 0) >= 0x80) end += 1;
    values.push(signedVarint(field.bytes.subarray(0, end + 1), at));
    at = end + 1;
  }
  return values;
}

function signedVarint(bytes: Uint8Array, start: number): bigint {
  let value = 0n;
  for (let at = bytes.length - 1; at >= start; at -= 1) {
    value = (value << 7n) | BigInt((bytes[at] ?? 0) & 0x7f);
  }
  return BigInt.asIntN(64, value);
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1;
  return length;
}

/** A varint field of a non-negative number. */
export function varintField(number: number, value: number): Uint8Array {
  return joinBytes([varint(number * 8 + VARINT), varint(value)]);
}

/** A length-delimited field: a message, a string's UTF-8, raw bytes. */
export function bytesField(number: number, bytes: Uint8Array): Uint8Array {
  return joinBytes([lengthField(number, bytes.length), bytes]);
}

/** The beginning of a length-delimited field whose bytes are written by somebody else. */
export function lengthField(number: number, length: number): Uint8Array {
  return joinBytes([varint(number * 8 + LENGTH_DELIMITED), varint(length)]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
