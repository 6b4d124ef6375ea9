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

type Found = JournalRecord & { readonly offset: number };

export type Parsed = {
  readonly records: readonly Found[];
  /** Bytes between whole records that are none themselves. */
  readonly damages: readonly { readonly offset: number; readonly bytes: number }[];
  /** Where the last whole record ends; behind it lies a torn one, or nothing. */
  readonly validBytes: number;
};

/** Checksums of a search through damaged bytes may cost so much: bytes of zeros look like lengths. */
const MAX_SEARCHED_BYTES = 256 * 1024 * 1024;

/** Behind a damage it goes on with the next place that holds a whole record. */
export function parseRecords(bytes: Buffer): Parsed {
  const records: Found[] = [];
  const damages: { offset: number; bytes: number }[] = [];
  let validBytes = 0;
  let searched = 0;
  for (let offset = 0; offset + HEADER_BYTES <= bytes.length && searched < MAX_SEARCHED_BYTES;) {
    const end = endOf(bytes, offset);
    const payload = end === undefined ? undefined : payloadOf(bytes, { offset, end });
    if (end === undefined || payload === undefined) {
      searched += (end ?? offset) - offset;
      offset += 1;
      continue;
    }
    if (offset > validBytes) damages.push({ offset: validBytes, bytes: offset - validBytes });
    records.push({ kind: bytes[offset + 8] ?? 0, payload, offset });
    validBytes = end;
    offset = end;
  }
  return { records, damages, validBytes };
}

/** Where a record would end that begins here; `undefined` where none can. */
function endOf(bytes: Buffer, offset: number): number | undefined {
  const length = bytes.readUInt32LE(offset);
  const end = offset + 8 + length;
  return length === 0 || end > bytes.length ? undefined : end;
}

function payloadOf(
  bytes: Buffer,
  { offset, end }: { readonly offset: number; readonly end: number },
): Uint8Array | undefined {
  const checked = bytes.subarray(offset + 8, end);
  return crc32(checked) === bytes.readUInt32LE(offset + 4) ? checked.subarray(1) : undefined;
}
