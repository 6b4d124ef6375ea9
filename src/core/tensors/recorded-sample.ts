/**
 * What does a model answer to the first generated input? A few rounded numbers, the same on every
 * machine, that an image carries so that it can be tried anywhere.
 */

import { float16ToNumber } from "./float16.ts";
import type { Tensor } from "./tensor.ts";

export type SampleOutput = {
  readonly name: string;
  readonly dims: readonly number[];
  /** The first numbers, to three digits; none of strings. */
  readonly values: readonly number[];
};

const MOST_VALUES = 8;
const DIGITS = 3;
/** Of the largest number: the rounding, and what another kind of CPU changes. */
const TOLERANCE = 0.01;

export function sampleOutput(name: string, { type, dims, data }: Tensor): SampleOutput {
  const count = type === "string" ? 0 : Math.min(MOST_VALUES, data.length);
  const numbers = Array.from({ length: count }, (_, at) => Number(data[at])).map((value) =>
    type === "float16" ? float16ToNumber(value) : value,
  );
  return { name, dims, values: numbers.map(rounded) };
}

/** Numbers far below the others are noise. */
function rounded(value: number, _: number, all: readonly number[]): number {
  const largest = Math.max(...all.filter(Number.isFinite).map(Math.abs));
  if (!Number.isFinite(value)) return 0;
  return Math.abs(value) < largest * TOLERANCE ? 0 : Number(value.toPrecision(DIGITS));
}

/** @param found the flat numbers of an answer */
export function isSample({ values }: SampleOutput, found: readonly unknown[]): boolean {
  const largest = Math.max(0, ...values.map(Math.abs));
  if (found.length < values.length) return false;
  return values.every((value, at) => {
    const apart = Math.abs(Number(found[at]) - value);
    return value === 0 && !Number.isFinite(Number(found[at]))
      ? true
      : apart <= largest * 2 * TOLERANCE;
  });
}
