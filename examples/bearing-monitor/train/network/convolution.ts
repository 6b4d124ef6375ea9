/** How does a one-dimensional convolution learn? A dense layer is one whose kernel covers all. */

import type { Random } from "../arithmetic/random.ts";
import { type Layer, type Parameter, parameter } from "./layer.ts";

export type ConvolutionShape = {
  readonly channels: number;
  readonly length: number;
  readonly filters: number;
  readonly kernel: number;
  readonly stride: number;
};

export type WeightedLayer = Layer & { readonly weights: Parameter; readonly biases: Parameter };

export function outputLength(shape: ConvolutionShape): number {
  return Math.floor((shape.length - shape.kernel) / shape.stride) + 1;
}

/** Input `[channels, length]`, weights `[filters, channels, kernel]`, output `[filters, steps]`. */
export function convolution(shape: ConvolutionShape, random: Random): WeightedLayer {
  const { channels, length, filters, kernel } = shape;
  const steps = outputLength(shape);
  // He's rule for layers that a ReLU follows: variance 2 / inputs.
  const deviation = Math.sqrt(2 / (channels * kernel));
  const weights = parameter([filters, channels, kernel], () => deviation * random.normal());
  const biases = parameter([filters], () => 0);
  const output = new Float64Array(filters * steps);
  const inputGradient = new Float64Array(channels * length);
  let lastInput: Float64Array = new Float64Array(0);
  return {
    weights,
    biases,
    parameters: [weights, biases],
    forward: (input) => {
      lastInput = input;
      convolve(shape, { input, weights: weights.values, biases: biases.values, output });
      return output;
    },
    backward: (gradient) => {
      inputGradient.fill(0);
      learn(shape, { input: lastInput, gradient, weights, biases, inputGradient });
      return inputGradient;
    },
  };
}

/** Weights `[outputs, inputs]`. */
export function dense(inputs: number, outputs: number, random: Random): WeightedLayer {
  const shape = { channels: 1, length: inputs, filters: outputs, kernel: inputs, stride: 1 };
  const layer = convolution(shape, random);
  return { ...layer, weights: { ...layer.weights, dims: [outputs, inputs] } };
}

type Forward = {
  readonly input: Float64Array;
  readonly weights: Float64Array;
  readonly biases: Float64Array;
  readonly output: Float64Array;
};

function convolve(shape: ConvolutionShape, { input, weights, biases, output }: Forward): void {
  const { channels, length, filters, kernel, stride } = shape;
  const steps = outputLength(shape);
  for (let filter = 0; filter < filters; filter += 1) {
    for (let step = 0; step < steps; step += 1) {
      let sum = biases[filter] as number;
      for (let channel = 0; channel < channels; channel += 1) {
        const w = (filter * channels + channel) * kernel;
        const x = channel * length + step * stride;
        // Two sums side by side: no addition waits for the one before it.
        let [even, odd] = [0, 0];
        let k = 0;
        for (; k + 1 < kernel; k += 2) {
          even += (weights[w + k] as number) * (input[x + k] as number);
          odd += (weights[w + k + 1] as number) * (input[x + k + 1] as number);
        }
        if (k < kernel) even += (weights[w + k] as number) * (input[x + k] as number);
        sum += even + odd;
      }
      output[filter * steps + step] = sum;
    }
  }
}

type Backward = {
  readonly input: Float64Array;
  readonly gradient: Float64Array;
  readonly weights: Parameter;
  readonly biases: Parameter;
  readonly inputGradient: Float64Array;
};

function learn(shape: ConvolutionShape, pass: Backward): void {
  const { channels, length, filters, kernel, stride } = shape;
  const { input, gradient, inputGradient } = pass;
  const { values: weights, gradient: weightGradient } = pass.weights;
  const biasGradient = pass.biases.gradient;
  const steps = outputLength(shape);
  for (let filter = 0; filter < filters; filter += 1) {
    for (let step = 0; step < steps; step += 1) {
      const slope = gradient[filter * steps + step] as number;
      if (slope === 0) continue; // Behind a ReLU that was shut: about half of them.
      biasGradient[filter] = (biasGradient[filter] as number) + slope;
      for (let channel = 0; channel < channels; channel += 1) {
        const w = (filter * channels + channel) * kernel;
        const x = channel * length + step * stride;
        for (let k = 0; k < kernel; k += 1) {
          weightGradient[w + k] =
            (weightGradient[w + k] as number) + slope * (input[x + k] as number);
          inputGradient[x + k] =
            (inputGradient[x + k] as number) + slope * (weights[w + k] as number);
        }
      }
    }
  }
}
