/** How far does each weight move after a batch? Adam, with the decay of weights kept apart (AdamW). */

import type { Parameter } from "./layer.ts";

// @source Kingma & Ba, "Adam: a method for stochastic optimization", algorithm 1; Loshchilov & Hutter 2019
const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-8;

export type Step = {
  readonly rate: number;
  readonly weightDecay: number;
  /** Samples whose gradients were added up. */
  readonly samples: number;
};

/** The function moves the parameters once and clears their gradients. */
export function adam(parameters: readonly Parameter[]): (step: Step) => void {
  const moments = parameters.map(({ values }) => ({
    mean: new Float64Array(values.length),
    square: new Float64Array(values.length),
  }));
  // Powers of the betas, as running products: Math.pow differs between versions of Node.
  let [power1, power2] = [1, 1];
  return ({ rate, weightDecay, samples }) => {
    power1 *= BETA_1;
    power2 *= BETA_2;
    for (const [n, { values, gradient }] of parameters.entries()) {
      const { mean, square } = moments[n] as (typeof moments)[number];
      for (let i = 0; i < values.length; i += 1) {
        const slope = (gradient[i] as number) / samples;
        const m = BETA_1 * (mean[i] as number) + (1 - BETA_1) * slope;
        const v = BETA_2 * (square[i] as number) + (1 - BETA_2) * slope * slope;
        mean[i] = m;
        square[i] = v;
        const move = m / (1 - power1) / (Math.sqrt(v / (1 - power2)) + EPSILON);
        const value = values[i] as number;
        values[i] = value - rate * (move + weightDecay * value);
      }
      gradient.fill(0);
    }
  };
}
