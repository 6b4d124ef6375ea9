/** Bytes that are here, or a range of a file that is read when it is written. */

import { open } from "node:fs/promises";

export type Span =
  | { readonly bytes: Uint8Array }
  | { readonly file: string; readonly start: number; readonly length: number };

const READ_BYTES = 1 << 20;

export function spanLength(span: Span): number {
  return "bytes" in span ? span.bytes.length : span.length;
}

/** @throws Error where a file has become shorter meanwhile */
export async function* spanChunks(spans: Iterable<Span>): AsyncGenerator<Uint8Array> {
  for (const span of spans) {
    if ("bytes" in span) yield span.bytes;
    else yield* rangeChunks(span);
  }
}

async function* rangeChunks({
  file,
  start,
  length,
}: Extract<Span, { file: string }>): AsyncGenerator<Uint8Array> {
  const handle = await open(file, "r");
  try {
    for (let done = 0; done < length;) {
      const wanted = Math.min(READ_BYTES, length - done);
      const { bytesRead, buffer } = await handle.read(
        Buffer.allocUnsafe(wanted),
        0,
        wanted,
        start + done,
      );
      if (bytesRead === 0) throw new Error(`${file} ends at byte ${start + done}`);
      yield buffer.subarray(0, bytesRead);
      done += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
