/** Does the hand-written backpropagation find the right slopes, and does following them help? */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { seededRandom } from "../../../examples/bearing-monitor/train/arithmetic/random.ts";
import { convolution, dense } from "../../../examples/bearing-monitor/train/network/convolution.ts";
import { fit, softmax } from "../../../examples/bearing-monitor/train/network/fit.ts";
import {
  type Layer,
  relu,
  sequence,
} from "../../../examples/bearing-monitor/train/network/layer.ts";
import { meanPooling } from "../../../examples/bearing-monitor/train/network/pooling.ts";

const SHAPE = { channels: 2, length: 11, filters: 3, kernel: 4, stride: 2 };

/** Half the sum of the squares of the outputs: its gradient is the output itself. */
function loss(network: Layer, input: Float64Array): number {
  return network.forward(input).reduce((sum, value) => sum + (value * value) / 2, 0);
}

/** How fast the loss rises with one number of `values`, by trying. */
function slopeOf(measure: () => number, values: Float64Array, i: number): number {
  const before = values[i] as number;
  const step = 1e-6;
  values[i] = before + step;
  const above = measure();
  values[i] = before - step;
  const below = measure();
  values[i] = before;
  return (above - below) / (2 * step);
}

suite("backpropagation", () => {
  const random = seededRandom(5);
  const network = sequence([
    convolution(SHAPE, random),
    relu(12),
    meanPooling(3, 4),
    dense(3, 5, random),
  ]);
  const input = Float64Array.from({ length: 22 }, () => random.normal());

  test("a convolution adds up what its kernel covers", () => {
    const shape = { channels: 1, length: 6, filters: 1, kernel: 3, stride: 3 };
    const layer = convolution(shape, random);
    layer.weights.values.set([1, 10, 100]);
    layer.biases.values.set([0.5]);
    assert.deepEqual([...layer.forward(Float64Array.of(1, 2, 3, 4, 5, 6))], [321.5, 654.5]);
  });

  test("the gradients agree with slopes found by trying", () => {
    const measure = (): number => loss(network, input);
    const inputGradient = network.backward(Float64Array.from(network.forward(input))).slice();
    const pairs = [
      { values: input, gradient: inputGradient },
      ...network.parameters.map(({ values, gradient }) => ({ values, gradient })),
    ];
    assert.equal(pairs.length, 5);
    for (const { values, gradient } of pairs) {
      assert.ok(gradient.some((slope) => slope !== 0));
      for (const [i, slope] of gradient.entries()) {
        assert.ok(Math.abs(slope - slopeOf(measure, values, i)) < 1e-7, String(i));
      }
    }
  });

  test("softmax gives shares that add up to 1, also for large logits", () => {
    const shares = softmax(Float64Array.of(1000, 1000, -1000));
    assert.deepEqual(
      [...shares].map((share) => Number(share.toFixed(12))),
      [0.5, 0.5, 0],
    );
  });

  test("a fitted network tells apart what no straight line can: exclusive or", () => {
    const own = seededRandom(7);
    const examples = [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ].map(([a = 0, b = 0]) => ({
      input: Float64Array.of(a, b),
      label: a === b ? 0 : 1,
    }));
    const learner = sequence([dense(2, 16, own), relu(16), dense(16, 2, own)]);
    fit(learner, examples, {
      epochs: 400,
      batchSamples: 4,
      rate: 0.03,
      weightDecay: 0,
      random: own,
    });
    for (const { input: point, label } of examples) {
      assert.ok((softmax(learner.forward(point))[label] ?? 0) > 0.9, String(point));
    }
  });
});
