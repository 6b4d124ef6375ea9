/** How do the rows of a job become its result file? Head, rows in order, then the file by rename. */

import { createHash } from "node:crypto";

import { createDurably } from "./journal/durable.ts";
import type { Format } from "./settings.ts";

/** What a row of an npy result is: element type and shape. */
type NpyRow = { readonly descr: string; readonly shape: readonly number[] };

/** What stands before the rows. */
export function renderHead(format: Format, head: string, rows: number): Uint8Array {
  if (format === "npy") return npyHead(head === "" ? NO_ROW : (JSON.parse(head) as NpyRow), rows);
  return Buffer.from(head);
}

const NO_ROW: NpyRow = { descr: "'<f4'", shape: [] };

/** @source numpy: numpy.lib.format, version 1.0 */
function npyHead({ descr, shape }: NpyRow, rows: number): Uint8Array {
  const dims = [rows, ...shape].join(", ");
  const text = `{'descr': ${descr}, 'fortran_order': False, 'shape': (${dims}${shape.length === 0 ? "," : ""}), }`;
  const padding = 64 - ((10 + text.length + 1) % 64);
  const bytes = Buffer.alloc(10 + text.length + (padding % 64) + 1, 0x20);
  bytes.write("\x93NUMPY\x01\x00", 0, "latin1");
  bytes.writeUInt16LE(bytes.length - 10, 8);
  bytes.write(text, 10, "latin1");
  bytes[bytes.length - 1] = 0x0a;
  return bytes;
}

export type Written = { readonly bytes: number; readonly sha256: string };

/** @returns what is in the file. @throws Error of the disk, or of the rows; no file is left then */
export function writeResult(
  path: string,
  { head, rows }: { readonly head: Uint8Array; readonly rows: Iterable<Uint8Array> },
): Written {
  const file = createDurably(path);
  const hash = createHash("sha256");
  let size = 0;
  const write = (bytes: Uint8Array): void => {
    file.write(bytes);
    hash.update(bytes);
    size += bytes.length;
  };
  try {
    write(head);
    for (const bytes of rows) write(bytes);
  } catch (error) {
    file.abandon();
    throw error;
  }
  file.commit();
  return { bytes: size, sha256: hash.digest("hex") };
}
