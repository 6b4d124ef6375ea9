/** Rows of made-up fractions as the files that a batch job reads. */

import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

import { seededNumbers } from "../models/seeded-numbers.ts";

/** Written again and again: making each row anew would take longer than scoring it. */
const BLOCK_ROWS = 500;

function blockOf(width: number): Float32Array {
  const next = seededNumbers(5);
  return Float32Array.from({ length: BLOCK_ROWS * width }, next);
}

/** @source numpy: numpy.lib.format */
function npyHead(width: number, rows: number): Buffer {
  const description = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${width}), }`;
  const text = `${description.padEnd(128 - 11)}\n`;
  const head = Buffer.alloc(10 + text.length);
  head.write("\x93NUMPY\x01\x00", "latin1");
  head.writeUInt16LE(text.length, 8);
  head.write(text, 10, "latin1");
  return head;
}

/** One array of `rows` rows. */
export function writeNpy(folder: string, width: number, rows: number): void {
  const block = blockOf(width);
  const bytes = Buffer.from(block.buffer);
  const file = openSync(join(folder, "rows.npy"), "w");
  writeSync(file, npyHead(width, rows));
  for (let done = 0; done < rows; done += BLOCK_ROWS) {
    const more = Math.min(BLOCK_ROWS, rows - done);
    writeSync(file, bytes, 0, more * width * Float32Array.BYTES_PER_ELEMENT);
  }
  closeSync(file);
}

/** One table without a head, numbers of six decimals. */
export function writeCsv(folder: string, width: number, rows: number): void {
  const block = blockOf(width);
  const lines = Array.from({ length: BLOCK_ROWS }, (_, row) =>
    Array.from(block.subarray(row * width, (row + 1) * width), (value) => value.toFixed(6)).join(
      ",",
    ),
  );
  const whole = `${lines.join("\n")}\n`;
  const file = openSync(join(folder, "rows.csv"), "w");
  for (let done = 0; done < rows; done += BLOCK_ROWS) writeSync(file, whole);
  closeSync(file);
}

/** The bare bytes of each row in a file of its own. */
export function writeItems(folder: string, width: number, rows: number): void {
  const block = blockOf(width);
  for (let row = 0; row < rows; row += 1) {
    const start = (row % BLOCK_ROWS) * width;
    const bytes = Buffer.from(block.buffer, start * Float32Array.BYTES_PER_ELEMENT, width * 4);
    writeFileSync(join(folder, `${row}.bin`), bytes);
  }
}
