/** CSV into rows of a model's inputs: columns by name where there is a head, by order otherwise. */

import { allocate } from "../../../core/tensors/tensor.ts";
import type { TensorData } from "../../../core/tensors/tensor.ts";
import { elementWriter } from "../../wire/element.ts";
import { NumberScanner } from "../../wire/json/number-scanner.ts";
import type { Reading, RowBlock } from "./row-block.ts";
import type { RowSpec } from "./row-layout.ts";

const COMMA = 44;
const QUOTE = 34;
const NEWLINE = 10;
const RETURN = 13;

/** Where a column's value goes; -1: nowhere. */
type Target = { readonly input: number; readonly element: number };

export function readCsv(
  { bytes, startRow, firstLine }: Reading,
  inputs: readonly RowSpec[],
): RowBlock {
  const first = firstLine ?? lineAt(bytes);
  const head = hasHead(first, inputs) ? cells(first) : undefined;
  const plan = head === undefined ? byOrder(inputs) : byName(head, inputs);
  const room = countLines(bytes);
  const quotes = bytes.includes(QUOTE);
  const slots = inputs.map(({ spec, width }) => allocate(spec.type, room * width));
  const writers = inputs.map(({ spec, width }, input) => elementWriter(spec, slots[input], width));
  const floats = inputs.map(({ spec }) => spec.type === "float32" || spec.type === "float64");
  const scanner = new NumberScanner(
    bytes,
    inputs.every(({ spec }) => spec.type === "float32"),
  );
  const numbers: number[] = [];
  const errors: { row: number; message: string }[] = [];
  let at = firstLine === undefined && head !== undefined ? endOf(bytes, 0, quotes) : 0;
  // The line of names is no row.
  let row = startRow - (firstLine !== undefined && head !== undefined ? 1 : 0);
  for (; at < bytes.length; row += 1) {
    const end = endOf(bytes, at, quotes);
    if (isBlank(bytes, at, end)) {
      at = end;
      continue;
    }
    const place = numbers.length;
    const put = ({ input, element }: Target, text: string | undefined): void => {
      const index = place * (inputs[input]?.width ?? 0) + element;
      if (text === undefined && floats[input])
        (slots[input] as Float32Array)[index] = scanner.value;
      else
        writers[input]?.(index, text === undefined ? scanner.value : valueOf(text, inputs[input]));
    };
    try {
      readLine({ bytes, at, end }, { plan, scanner, put, inputs });
      numbers.push(row);
    } catch (error) {
      errors.push({ row, message: (error as Error).message });
    }
    at = end;
  }
  const data = slots.map((slot, input) => cut(slot, numbers.length * (inputs[input]?.width ?? 0)));
  return { numbers, data, errors };
}

type Line = { readonly bytes: Buffer; readonly at: number; readonly end: number };
type Plan = {
  readonly plan: readonly (Target | undefined)[];
  readonly scanner: NumberScanner;
  /** Without a text the scanner has the value. */
  readonly put: (target: Target, text: string | undefined) => void;
  readonly inputs: readonly RowSpec[];
};

function readLine({ bytes, at: start, end }: Line, { plan, scanner, put, inputs }: Plan): void {
  let at = start;
  let column = 0;
  for (;;) {
    const target = plan[column];
    scanner.position = at;
    const wanted = target !== undefined && inputs[target.input]?.spec.type !== "string";
    if (wanted && scanner.scan() && isCellEnd(bytes, scanner.position, end)) {
      put(target, undefined);
      at = scanner.position;
    } else {
      const next = cellEnd(bytes, at, end);
      if (target !== undefined) put(target, unquoted(bytes.toString("utf8", at, next)));
      at = next;
    }
    column += 1;
    if (at >= end || bytes[at] !== COMMA) break;
    at += 1;
  }
  const isBroken = bytes[at] === RETURN && at + 1 < end && bytes[at + 1] !== NEWLINE;
  if (at < end && isBroken) {
    throw new Error(
      "a carriage return without a line feed stands in the row: end lines with \\n or \\r\\n",
    );
  }
  if (column !== plan.length) {
    throw new Error(`the row has ${column} columns, expected ${plan.length}`);
  }
}

function isCellEnd(bytes: Buffer, at: number, end: number): boolean {
  return at >= end || bytes[at] === COMMA || bytes[at] === NEWLINE || bytes[at] === RETURN;
}

function cellEnd(bytes: Buffer, start: number, end: number): number {
  let quoted = false;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) quoted = !quoted;
    else if (!quoted && (byte === COMMA || byte === NEWLINE || byte === RETURN)) return at;
  }
  return end;
}

/** Behind the line's end; a line break in quotes is part of it. */
function endOf(bytes: Buffer, start: number, quotes: boolean): number {
  if (!quotes) {
    const newline = bytes.indexOf(NEWLINE, start);
    return newline < 0 ? bytes.length : newline + 1;
  }
  let quoted = false;
  for (let at = start; at < bytes.length; at += 1) {
    if (bytes[at] === QUOTE) quoted = !quoted;
    else if (!quoted && bytes[at] === NEWLINE) return at + 1;
  }
  return bytes.length;
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte !== NEWLINE && byte !== RETURN && byte !== 32) return false;
  }
  return true;
}

function countLines(bytes: Buffer): number {
  let count = 1;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

function lineAt(bytes: Buffer): string {
  return bytes
    .toString("utf8", 0, endOf(bytes, 0, true))
    .replace(/\r?\n$/, "")
    .replace(/^\uFEFF/, "");
}

function cells(line: string): readonly string[] {
  const bytes = Buffer.from(line);
  const found: string[] = [];
  for (let at = 0; at <= bytes.length;) {
    const end = cellEnd(bytes, at, bytes.length);
    found.push(unquoted(bytes.toString("utf8", at, end)));
    at = end + 1;
  }
  return found;
}

function unquoted(text: string): string {
  const trimmed = text.trim();
  return trimmed.startsWith('"') && trimmed.endsWith('"') && trimmed.length > 1
    ? trimmed.slice(1, -1).replaceAll('""', '"')
    : trimmed;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(nan|inf(inity)?)$/i;

/** A line whose cells are no values, or all the names of inputs. */
function hasHead(line: string, inputs: readonly RowSpec[]): boolean {
  const found = cells(line);
  if (
    inputs.some(
      ({ spec, width }) => found.includes(spec.name) || found.includes(named(spec.name, 0, width)),
    )
  )
    return true;
  if (inputs.some(({ spec }) => spec.type === "string")) return false;
  return found.every((cell) => !NUMBER.test(cell) && cell !== "" && !/^(true|false)$/i.test(cell));
}

function named(name: string, element: number, width: number): string {
  return width === 1 ? name : `${name}_${element}`;
}

function byOrder(inputs: readonly RowSpec[]): readonly Target[] {
  return inputs.flatMap(({ width }, input) =>
    Array.from({ length: width }, (_, element) => ({ input, element })),
  );
}

/** By name where all are there; names that mean nothing to the model are in order, if the number fits. */
function byName(
  head: readonly string[],
  inputs: readonly RowSpec[],
): readonly (Target | undefined)[] {
  const targets = new Map<string, Target>();
  for (const [input, { spec, width }] of inputs.entries()) {
    for (let element = 0; element < width; element += 1) {
      targets.set(named(spec.name, element, width), { input, element });
      if (width > 1) targets.set(`${spec.name}.${element}`, { input, element });
    }
  }
  const plan = head.map((name) => targets.get(name));
  const taken = new Set<string>();
  for (const [column, target] of plan.entries()) {
    if (target === undefined) continue;
    const place = `${target.input} ${target.element}`;
    if (taken.has(place)) throw new Error(`the head names '${head[column]}' twice`);
    taken.add(place);
  }
  const wanted = inputs.reduce((sum, { width }) => sum + width, 0);
  const found = taken.size;
  if (found === wanted) return plan;
  if (found === 0 && head.length === wanted) return byOrder(inputs);
  const missing = [...targets.keys()].filter((name) => !head.includes(name) && !name.includes("."));
  throw new Error(
    `the head has ${head.length} columns, the model takes ${wanted}: missing ${missing.slice(0, 5).join(", ")}`,
  );
}

function valueOf(text: string, row: RowSpec | undefined): unknown {
  const type = row?.spec.type;
  if (type === "string") return text;
  if (type === "bool" && /^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  if ((type === "int64" || type === "uint64") && /^-?\d+$/.test(text)) return BigInt(text);
  if (!NUMBER.test(text)) return text;
  if (/nan/i.test(text)) return Number.NaN;
  if (/inf/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return Number(text);
}

function cut(data: TensorData, length: number): TensorData {
  return ArrayBuffer.isView(data) ? data.subarray(0, length) : data.slice(0, length);
}
