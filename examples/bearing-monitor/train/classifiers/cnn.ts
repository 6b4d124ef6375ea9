/** The green model: what does a convolutional network make of the window itself? */

import { seededRandom } from "../arithmetic/random.ts";
import {
  convolution,
  type ConvolutionShape,
  dense,
  outputLength,
  type WeightedLayer,
} from "../network/convolution.ts";
import { fit, type Schedule } from "../network/fit.ts";
import { relu, sequence } from "../network/layer.ts";
import { meanPooling } from "../network/pooling.ts";
import type { Sample } from "../vibration/dataset.ts";
import { CLASSES } from "../vibration/signal.ts";
import { WINDOW_SAMPLES } from "../vibration/window.ts";
import type { Classifier } from "./classifier.ts";
import { centred } from "./standardise.ts";

/** Learns filters for the bands in which the housing rings; with the ReLU behind it, an envelope. */
const BANDS: ConvolutionShape = {
  channels: 1,
  length: WINDOW_SAMPLES,
  filters: 8,
  kernel: 32,
  stride: 8,
};

/** Sees 42 ms of the envelopes at a time: three to seven blows on a dent. */
const RHYTHMS: ConvolutionShape = {
  channels: BANDS.filters,
  length: outputLength(BANDS),
  filters: 16,
  kernel: 24,
  stride: 3,
};

const SEED = 30;
const SCHEDULE: Schedule = { epochs: 12, batchSamples: 32, rate: 0.01, weightDecay: 0.01 };

export type Cnn = Classifier & {
  /** One g becomes this much at the first layer. */
  readonly gain: number;
  readonly bands: WeightedLayer & { readonly shape: ConvolutionShape };
  readonly rhythms: WeightedLayer & { readonly shape: ConvolutionShape };
  readonly output: WeightedLayer;
};

/** The same for all windows, since how strongly a machine shakes tells something about it. */
function gainFor(windows: readonly Float64Array[]): number {
  const power = windows.reduce(
    (sum, window) => sum + window.reduce((squares, value) => squares + value * value, 0),
    0,
  );
  return 1 / Math.sqrt(power / (windows.length * WINDOW_SAMPLES));
}

export function trainCnn(samples: readonly Sample[]): Cnn {
  const random = seededRandom(SEED);
  const windows = samples.map(({ window }) => centred(window));
  const gain = gainFor(windows);
  const bands = convolution(BANDS, random);
  const rhythms = convolution(RHYTHMS, random);
  const output = dense(RHYTHMS.filters, CLASSES.length, random);
  const network = sequence([
    bands,
    relu(BANDS.filters * RHYTHMS.length),
    rhythms,
    relu(RHYTHMS.filters * outputLength(RHYTHMS)),
    meanPooling(RHYTHMS.filters, outputLength(RHYTHMS)),
    output,
  ]);
  const prepared = (window: Float64Array): Float64Array => window.map((value) => value * gain);
  const examples = windows.map((window, n) => ({
    input: prepared(window),
    label: (samples[n] as Sample).label,
  }));
  fit(network, examples, { ...SCHEDULE, random });
  return {
    gain,
    bands: { ...bands, shape: BANDS },
    rhythms: { ...rhythms, shape: RHYTHMS },
    output,
    logits: (window) => network.forward(prepared(centred(window))),
  };
}
