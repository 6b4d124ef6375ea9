/** How is a list of files cut where rows are scored? Small files by number, large ones into parts. */

import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";

import type { MiniBatch, Span } from "../workers/mini-batch.ts";
import { NPY_HEAD_BYTES, npyLayout, rawLayout } from "./npy-file.ts";
import { kindOf } from "./row-file.ts";
import type { RowSpec } from "./row-layout.ts";

/** A file above it is cut; a part is about as large. */
const PART_BYTES = 2 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 10;
const QUOTE = 34;

export type RowSourceOptions = {
  readonly root: string;
  readonly files: readonly string[];
  /** Files of one mini-batch. */
  readonly size: number;
  readonly inputs: readonly RowSpec[];
};

export async function* cutByRows(options: RowSourceOptions): AsyncGenerator<MiniBatch, undefined> {
  const { root, files, size, inputs } = options;
  let id = 0;
  let group: number[] = [];
  let bytes = 0;
  const take = (indexes: readonly number[], more: { span?: Span; ending: number }): MiniBatch => {
    const paths = indexes.map((index) => files[index] ?? "");
    id += 1;
    return { id: id - 1, files: indexes, paths, ...more };
  };
  const flush = (): MiniBatch => {
    const whole = take(group, { ending: group.length });
    group = [];
    bytes = 0;
    return whole;
  };
  for (const [index, path] of files.entries()) {
    const file = await openOrNothing(join(root, path));
    try {
      const length = file === undefined ? 0 : (await file.stat()).size;
      if (file === undefined || length <= PART_BYTES) {
        if (group.length > 0 && bytes + length > PART_BYTES) yield flush();
        group.push(index);
        bytes += length;
        if (group.length >= size) yield flush();
        continue;
      }
      if (group.length > 0) yield flush();
      let last: Span | undefined;
      for await (const span of spansOf(file, { path, length, inputs })) {
        if (last !== undefined) yield take([index], { span: last, ending: 0 });
        last = span;
      }
      yield take([index], { ...(last && { span: last }), ending: 1 });
    } finally {
      await file?.close();
    }
  }
  if (group.length > 0) yield flush();
  return undefined;
}

/** A file that is gone fails when it is scored, not here. */
async function openOrNothing(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch {
    return undefined;
  }
}

type Cut = {
  readonly path: string;
  readonly length: number;
  readonly inputs: readonly RowSpec[];
};

function spansOf(file: FileHandle, cut: Cut): AsyncGenerator<Span> {
  const kind = kindOf(cut.path);
  if (kind === "csv") return lineSpans(file, { ...cut, quotes: true });
  if (kind === "jsonl") return lineSpans(file, { ...cut, quotes: false });
  return arraySpans(file, cut);
}

/** Lines are counted on the way: a part knows the number of its first row. */
async function* lineSpans(
  file: FileHandle,
  { length, quotes }: Cut & { readonly quotes: boolean },
): AsyncGenerator<Span> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let start = { byte: 0, row: 0 };
  let row = 0;
  let inQuotes = false;
  for (let offset = 0; offset < length;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, offset);
    if (bytesRead === 0) break;
    const bytes = chunk.subarray(0, bytesRead);
    const plain = !inQuotes && !(quotes && bytes.includes(QUOTE));
    const ends = plain ? newlines(bytes) : unquotedNewlines(bytes, inQuotes);
    for (const at of ends) {
      row += 1;
      const end = offset + at + 1;
      if (end - start.byte < PART_BYTES) continue;
      yield { startByte: start.byte, endByte: end, startRow: start.row };
      start = { byte: end, row };
    }
    if (!plain) inQuotes = countQuotes(bytes) % 2 === 1 ? !inQuotes : inQuotes;
    offset += bytesRead;
  }
  if (start.byte < length) yield { startByte: start.byte, endByte: length, startRow: start.row };
}

function* newlines(bytes: Buffer): Generator<number> {
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) yield at;
}

function* unquotedNewlines(bytes: Buffer, begun: boolean): Generator<number> {
  let quoted = begun;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] === QUOTE) quoted = !quoted;
    else if (!quoted && bytes[at] === NEWLINE) yield at;
  }
}

function countQuotes(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(QUOTE); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) count += 1;
  return count;
}

/** A file that is no such array is one part: reading it says why. */
async function* arraySpans(file: FileHandle, { path, length, inputs }: Cut): AsyncGenerator<Span> {
  const [row] = inputs;
  const head = Buffer.alloc(NPY_HEAD_BYTES);
  await file.read(head, 0, NPY_HEAD_BYTES, 0);
  let layout;
  try {
    if (row === undefined) throw new Error("the model has no input");
    layout = kindOf(path) === "npy" ? npyLayout(head, length, row) : rawLayout(length, row);
  } catch {
    yield { startByte: 0, endByte: 0, startRow: 0 };
    return;
  }
  const { dataStart, rows, rowBytes } = layout;
  const perPart = Math.max(1, Math.floor(PART_BYTES / rowBytes));
  for (let startRow = 0; startRow < rows; startRow += perPart) {
    const endRow = Math.min(rows, startRow + perPart);
    const at = (index: number): number => dataStart + index * rowBytes;
    yield { startByte: at(startRow), endByte: at(endRow), startRow };
  }
}
