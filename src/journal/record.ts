/** How does one record of a journal lie in its file? Length, checksum, kind, bytes. */

import { crc32 } from "node:zlib";

export type JournalRecord = { readonly kind: number; readonly payload: Uint8Array };

/** u32 length of kind and payload, u32 checksum of both, u8 kind. */
export const HEADER_BYTES = 9;

export function renderRecord({ kind, payload }: JournalRecord): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  bytes.writeUInt32LE(payload.length + 1, 0);
  bytes[8] = kind;
  bytes.set(payload, HEADER_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

/** Where in a text's worth of bytes a whole record was found, or where the whole ones end. */
export type Parsed = {
  readonly records: readonly (JournalRecord & { readonly offset: number })[];
  /** Bytes up to here hold whole records; behind it lies a torn one, or nothing. */
  readonly validBytes: number;
};

export function parseRecords(bytes: Buffer): Parsed {
  const records: (JournalRecord & { offset: number })[] = [];
  let offset = 0;
  while (offset + HEADER_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(offset);
    const end = offset + 8 + length;
    if (length === 0 || end > bytes.length) break;
    const checked = bytes.subarray(offset + 8, end);
    if (crc32(checked) !== bytes.readUInt32LE(offset + 4)) break;
    records.push({ kind: checked[0] ?? 0, payload: checked.subarray(1), offset });
    offset = end;
  }
  return { records, validBytes: offset };
}
