/**
 * How is a protobuf message put into bytes? A field is bytes, a message its fields end to end.
 *
 * @source protobuf.dev/programming-guides/encoding
 */

const WIRE = { varint: 0, bytes: 2, fixed32: 5 } as const;

function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  // Negative numbers travel as their 64-bit two's complement.
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function tag(field: number, wire: number): Uint8Array {
  return varint(field * 8 + wire);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function intField(field: number, value: number | bigint): Uint8Array {
  return concat([tag(field, WIRE.varint), varint(value)]);
}

export function floatField(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return concat([tag(field, WIRE.fixed32), bytes]);
}

export function bytesField(field: number, value: Uint8Array): Uint8Array {
  return concat([tag(field, WIRE.bytes), varint(value.byteLength), value]);
}

export function textField(field: number, value: string): Uint8Array {
  return bytesField(field, Buffer.from(value, "utf8"));
}

export function messageField(field: number, fields: readonly Uint8Array[]): Uint8Array {
  return bytesField(field, concat(fields));
}
