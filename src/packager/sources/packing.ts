/** How are the bytes of a tar packed, by how they begin? What names promise is not always so. */

import { openPlainFile } from "./plain-file.ts";

export type Packing = "tar" | "gzip" | "zstd" | "unknown";

const HEADER_BYTES = 512;
/** @source RFC 1952, RFC 8878 */
const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

/** @throws NoPlainFile, Error of the file system */
export async function packingOf(file: string): Promise<Packing> {
  const handle = await openPlainFile(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    if (GZIP.every((byte, at) => buffer[at] === byte)) return "gzip";
    if (ZSTD.every((byte, at) => buffer[at] === byte)) return "zstd";
    return bytesRead === HEADER_BYTES && isTarHeader(buffer) ? "tar" : "unknown";
  } finally {
    await handle.close();
  }
}

/**
 * The sum over the header, counted as if its own eight bytes were spaces; the end of a tar is zeros.
 *
 * @source POSIX.1-2017 pax, "ustar Interchange Format"
 */
function isTarHeader(header: Buffer): boolean {
  const written = Number.parseInt(header.toString("latin1", 148, 156).trim(), 8);
  const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  return written === sum || header.every((byte) => byte === 0);
}
