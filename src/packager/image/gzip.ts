/** How is a tar compressed so that equal input gives equal bytes, on every system? */

import { createGzip } from "node:zlib";
import type { Gzip } from "node:zlib";

/** Names the compressor in cache keys: another zlib may find other matches. */
export const COMPRESSOR = `gzip-6 zlib-${process.versions.zlib}`;

const PIECE_BYTES = 1 << 16;
/** @source RFC 1952 2.3.1: byte 9 names the operating system, 255 is "unknown" */
const OS_OFFSET = 9;
const OS_UNKNOWN = 255;

/** Level 6; zlib leaves the time at 0 by itself. */
export function createCompressor(): Gzip {
  return createGzip({ level: 6 });
}

/** Cuts a stream into pieces of one size: what the disk hands out must not decide what zlib sees. */
export async function* equalPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let piece = Buffer.allocUnsafe(PIECE_BYTES);
  let filled = 0;
  for await (const chunk of source) {
    for (let from = 0; from < chunk.length;) {
      const part = chunk.subarray(from, from + PIECE_BYTES - filled);
      piece.set(part, filled);
      filled += part.length;
      from += part.length;
      if (filled === PIECE_BYTES) {
        yield piece;
        piece = Buffer.allocUnsafe(PIECE_BYTES);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** zlib writes the system it was built for into the header; this takes it out. */
export async function* withoutSystem(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for await (const chunk of source) {
    const at = OS_OFFSET - offset;
    if (at >= 0 && at < chunk.length) chunk[at] = OS_UNKNOWN;
    offset += chunk.length;
    yield chunk;
  }
}
