/** Do two models answer the same? How far apart two answers are, as a share of the largest number. */

import { float16ToNumber } from "../../core/tensors/float16.ts";
import type { Tensor } from "../../core/tensors/tensor.ts";

/** What folding constants ahead may change: a few roundings of float32. */
export const MOST_DIFFERENCE = 1e-5;

/** 0 where every bit is the same; infinite where names, shapes or whole numbers differ. */
export function differenceOf(expected: readonly Tensor[], found: readonly Tensor[]): number {
  if (expected.length !== found.length) return Number.POSITIVE_INFINITY;
  return Math.max(0, ...expected.map((tensor, at) => tensorDifference(tensor, found[at])));
}

function tensorDifference(expected: Tensor, found: Tensor | undefined): number {
  const { type, dims, data } = expected;
  if (found?.type !== type || found.dims.join() !== dims.join()) return Number.POSITIVE_INFINITY;
  const fractional = type === "float32" || type === "float64" || type === "float16";
  const numberOf = (value: unknown): unknown =>
    type === "float16" ? float16ToNumber(value as number) : value;
  let largest = 0;
  let difference = 0;
  for (let at = 0; at < data.length; at += 1) {
    const one = numberOf(data[at]);
    const other = numberOf(found.data[at]);
    if (fractional && Number.isFinite(one)) largest = Math.max(largest, Math.abs(one as number));
    if (Object.is(one, other)) continue;
    const apart = fractional ? Math.abs((one as number) - (other as number)) : Infinity;
    if (!Number.isFinite(apart)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, apart);
  }
  return difference === 0 ? 0 : difference / largest;
}
