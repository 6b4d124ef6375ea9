/** Where does chance come from? From a seed, so that it falls the same way every time. */

import { cos, exp, log } from "./exact.ts";

export type Random = {
  /** Evenly spread over [low, high). */
  readonly uniform: (low: number, high: number) => number;
  /** Evenly spread over the orders of magnitude between two positive numbers. */
  readonly logUniform: (low: number, high: number) => number;
  /** Of mean 0 and deviation 1. */
  readonly normal: () => number;
  /** A whole number below `count`. */
  readonly below: (count: number) => number;
};

/** @source Bob Jenkins' small fast counting generator, 32 bit: pracrand.sourceforge.net (sfc32) */
function smallFastCounting(seed: number): () => number {
  let a = 0;
  let b = seed;
  let c = 0x9e3779b9;
  let counter = 1;
  const next = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return (result >>> 0) / 0x1_0000_0000;
  };
  for (let round = 0; round < 15; round += 1) next();
  return next;
}

export function seededRandom(seed: number): Random {
  const next = smallFastCounting(seed);
  const uniform = (low: number, high: number): number => low + (high - low) * next();
  return {
    uniform,
    logUniform: (low, high) => exp(uniform(log(low), log(high))),
    normal: () => {
      const radius = Math.sqrt(-2 * log(1 - next()));
      return radius * cos(2 * Math.PI * next());
    },
    below: (count) => Math.floor(next() * count),
  };
}

/** A copy in random order; every order is equally likely. @source Fisher and Yates */
export function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}
