/** How does a network learn to tell classes apart? */

import { exp } from "../arithmetic/exact.ts";
import { type Random, shuffled } from "../arithmetic/random.ts";
import { adam } from "./adam.ts";
import type { Layer } from "./layer.ts";

export type Example = { readonly input: Float64Array; readonly label: number };

export type Schedule = {
  readonly epochs: number;
  readonly batchSamples: number;
  /** Of the first steps; it falls in a straight line to nothing. */
  readonly rate: number;
  readonly weightDecay: number;
};

export function softmax(logits: Float64Array): Float64Array {
  const highest = logits.reduce((most, logit) => Math.max(most, logit));
  const weights = logits.map((logit) => exp(logit - highest));
  const sum = weights.reduce((total, weight) => total + weight);
  return weights.map((weight) => weight / sum);
}

/** ∂/∂logits of the cross-entropy between the softmax and the label. */
function lossGradient(logits: Float64Array, label: number): Float64Array {
  const gradient = softmax(logits);
  gradient[label] = (gradient[label] as number) - 1;
  return gradient;
}

export function fit(
  network: Layer,
  examples: readonly Example[],
  how: Schedule & { readonly random: Random },
): void {
  const move = adam(network.parameters);
  let order = examples;
  const steps = how.epochs * Math.ceil(order.length / how.batchSamples);
  let step = 0;
  for (let epoch = 0; epoch < how.epochs; epoch += 1) {
    order = shuffled(order, how.random);
    for (let start = 0; start < order.length; start += how.batchSamples) {
      const batch = order.slice(start, start + how.batchSamples);
      for (const { input, label } of batch) {
        network.backward(lossGradient(network.forward(input), label));
      }
      const rate = how.rate * (1 - step / steps);
      move({ rate, weightDecay: how.weightDecay, samples: batch.length });
      step += 1;
    }
  }
}
