/** Inputs that any model takes in shape and type: what warm-up runs, measurements and comparisons are fed. */

import { numberToFloat16 } from "./float16.ts";
import type { Signature, TensorSpec } from "./signature.ts";
import { allocate, elementCount } from "./tensor.ts";
import type { DType, Tensor } from "./tensor.ts";

export type Feeds = Readonly<Record<string, Tensor>>;

/** Zeros (empty strings) of one item: every symbolic dimension is 1. */
export function zeroFeeds(signature: Signature): Feeds {
  return feedsOf(signature, (input) => zeros(input, 1));
}

/** Zeros, then numbers of several ranges and sizes: the same ones for the same signature, always. */
export function sampleFeeds(signature: Signature): readonly Feeds[] {
  const next = createNumbers();
  return [
    zeroFeeds(signature),
    ...[1, 1, 2].map((size) => feedsOf(signature, (input) => filled(zeros(input, size), next))),
  ];
}

function feedsOf({ inputs }: Signature, make: (input: TensorSpec) => Tensor): Feeds {
  return Object.fromEntries(inputs.map((input) => [input.name, make(input)]));
}

function zeros({ type, shape }: TensorSpec, symbolicSize: number): Tensor {
  const dims = (shape ?? [1]).map((dim) => (typeof dim === "number" ? dim : symbolicSize));
  return { type, dims, data: allocate(type, elementCount(dims)) };
}

function filled({ type, dims, data }: Tensor, next: () => number): Tensor {
  if (type === "string")
    return { type, dims, data: Array.from({ length: data.length }, () => String(next())) };
  const numbers = data as unknown as { length: number; [index: number]: number | bigint };
  for (let at = 0; at < numbers.length; at += 1) numbers[at] = valueOf(type, next());
  return { type, dims, data };
}

/** @param fraction from 0 up to 1 */
function valueOf(type: DType, fraction: number): number | bigint {
  if (type === "float32" || type === "float64") return fraction * 2 - 1;
  if (type === "float16") return numberToFloat16(fraction * 2 - 1);
  if (type === "uint8") return Math.floor(fraction * 256);
  if (type === "int8") return Math.floor(fraction * 256) - 128;
  // Whole numbers are often places in a list: the first two exist in most.
  const small = Math.round(fraction);
  return type === "int64" || type === "uint64" ? BigInt(small) : small;
}

/** @source Marsaglia, "Xorshift RNGs" (2003), the 32-bit triple 13, 17, 5 */
function createNumbers(): () => number {
  let state = 0x2545f491;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
