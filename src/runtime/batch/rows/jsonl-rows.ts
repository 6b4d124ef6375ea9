/** JSON lines into rows: an object with a value for each input, or the value of the only one. */

import { allocate } from "../../../core/tensors/tensor.ts";
import type { TensorData } from "../../../core/tensors/tensor.ts";
import { elementWriter } from "../../wire/element.ts";
import type { Reading, RowBlock } from "./row-block.ts";
import type { RowSpec } from "./row-layout.ts";

export function readJsonLines({ bytes, startRow }: Reading, inputs: readonly RowSpec[]): RowBlock {
  const text = bytes.toString("utf8");
  const lines = (startRow === 0 ? text.replace(/^\uFEFF/, "") : text).split("\n");
  const slots = inputs.map(({ spec, width }) => allocate(spec.type, lines.length * width));
  const writers = inputs.map(({ spec, width }, input) => elementWriter(spec, slots[input], width));
  const numbers: number[] = [];
  const errors: { row: number; message: string }[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    try {
      const values = valuesOf(parseLine(line), inputs);
      for (const [input, elements] of values.entries()) {
        const start = numbers.length * elements.length;
        for (const [element, value] of elements.entries()) writers[input]?.(start + element, value);
      }
      numbers.push(startRow + index);
    } catch (error) {
      errors.push({ row: startRow + index, message: (error as Error).message });
    }
  }
  const data = slots.map((slot: TensorData, input): TensorData => {
    const length = numbers.length * (inputs[input]?.width ?? 0);
    return ArrayBuffer.isView(slot) ? slot.subarray(0, length) : slot.slice(0, length);
  });
  return { numbers, data, errors };
}

/** @throws Error with the reason */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    // Python's json.dumps writes these words by default.
    const outsideTexts = line.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
    const word = /(?<![\w.])-?(?:Infinity|NaN)\b/.exec(outsideTexts)?.[0];
    if (word === undefined) throw error;
    throw new Error(`${word} is no JSON: write "${word}", in quotes`, { cause: error });
  }
}

function valuesOf(line: unknown, inputs: readonly RowSpec[]): readonly (readonly unknown[])[] {
  const isObject = typeof line === "object" && line !== null && !Array.isArray(line);
  if (!isObject && inputs.length !== 1) {
    throw new Error(`the line is no object, expected one with ${inputs.map(nameOf).join(", ")}`);
  }
  return inputs.map((row) => {
    const name = nameOf(row);
    const value = isObject ? (line as Record<string, unknown>)[name] : line;
    if (value === undefined) throw new Error(`input '${name}' is absent`);
    const elements = [value].flat(Number.POSITIVE_INFINITY) as unknown[];
    if (elements.length === row.width) return elements;
    throw new Error(`input '${name}' has ${elements.length} values, expected ${row.width}`);
  });
}

function nameOf({ spec }: RowSpec): string {
  return spec.name;
}
