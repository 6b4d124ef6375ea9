/** One file, or a part of it, as rows of a model's inputs. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";

import { readCsv } from "./csv-rows.ts";
import { readJsonLines } from "./jsonl-rows.ts";
import type { Span } from "../workers/mini-batch.ts";
import { elementsOf, NPY_HEAD_BYTES, npyLayout, rawLayout } from "./npy-file.ts";
import type { RowBlock } from "./row-block.ts";
import { kindOf } from "./row-file.ts";
import type { RowSpec } from "./row-layout.ts";

/** Of a head line of column names. */
const MAX_LINE_BYTES = 1024 * 1024;

/** @throws Error with the reason where the file cannot be used at all */
export function readRows(
  path: string,
  span: Span | undefined,
  inputs: readonly RowSpec[],
): RowBlock {
  const file = openSync(path, "r");
  try {
    const kind = kindOf(path);
    const { size } = fstatSync(file);
    if (kind === "npy" || kind === "raw") return readArray(file, { path, size, span, inputs });
    const { startByte, endByte, startRow } = span ?? { startByte: 0, endByte: size, startRow: 0 };
    const bytes = readBytes(file, startByte, endByte);
    if (kind === "jsonl") return readJsonLines({ path, bytes, startRow }, inputs);
    const firstLine = startByte === 0 ? {} : { firstLine: firstLineOf(file) };
    return readCsv({ path, bytes, startRow, ...firstLine }, inputs);
  } finally {
    closeSync(file);
  }
}

function readBytes(file: number, start: number, end: number): Buffer {
  // Its own memory, so that numbers in it lie where their type wants them.
  const bytes = Buffer.allocUnsafeSlow(Math.max(0, end - start));
  let filled = 0;
  while (filled < bytes.length) {
    const read = readSync(file, bytes, filled, bytes.length - filled, start + filled);
    if (read === 0) throw new Error(`the file ends at byte ${start + filled}, expected ${end}`);
    filled += read;
  }
  return bytes;
}

function firstLineOf(file: number): string {
  const bytes = Buffer.alloc(MAX_LINE_BYTES);
  const text = bytes.toString("utf8", 0, readSync(file, bytes, 0, MAX_LINE_BYTES, 0));
  const end = text.indexOf("\n");
  return text
    .slice(0, end < 0 ? text.length : end)
    .replace(/\r$/, "")
    .replace(/^\uFEFF/, "");
}

type ArrayFile = {
  readonly path: string;
  readonly size: number;
  readonly span: Span | undefined;
  readonly inputs: readonly RowSpec[];
};

function readArray(file: number, { path, size, span, inputs }: ArrayFile): RowBlock {
  const [row, ...others] = inputs;
  if (row === undefined || others.length > 0) {
    throw new Error(
      `the model has ${inputs.length} inputs, and such a file holds one: use JSONL or CSV`,
    );
  }
  const head = Buffer.alloc(Math.min(NPY_HEAD_BYTES, size));
  readSync(file, head, 0, head.length, 0);
  const layout = kindOf(path) === "npy" ? npyLayout(head, size, row) : rawLayout(size, row);
  const whole = {
    startByte: layout.dataStart,
    endByte: layout.dataStart + layout.rows * layout.rowBytes,
    startRow: 0,
  };
  const { startByte, endByte, startRow } = span ?? whole;
  const bytes = readBytes(file, startByte, endByte);
  const count = bytes.length / layout.rowBytes;
  const numbers = Array.from({ length: count }, (_, index) => startRow + index);
  return { numbers, data: [elementsOf(bytes, layout.type, row)], errors: [] };
}
