/** Writing a file of the cache or of the temporary folder, so that a full disk says which one it was. */

import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";

type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * @param flags as Node's `open` takes them: `wx` refuses a file that is there
 * @throws Error of the file system with its `path`, which Node's own errors of a write lack
 */
export async function writeFileFrom(path: string, bytes: Bytes, flags = "w"): Promise<void> {
  try {
    await pipeline(bytes, createWriteStream(path, { flags }));
  } catch (error) {
    throw withPath(error, path);
  }
}

function withPath(error: unknown, path: string): unknown {
  const { syscall, path: known } = error as NodeJS.ErrnoException;
  // What the source failed with is none of this file's.
  if (syscall === "write" && known === undefined) Object.assign(error as Error, { path });
  return error;
}
