/** The blue model: what does a small network make of a window's spectrum? */

import { seededRandom } from "../arithmetic/random.ts";
import { dense, type WeightedLayer } from "../network/convolution.ts";
import { fit, type Schedule } from "../network/fit.ts";
import { relu, sequence } from "../network/layer.ts";
import type { Sample } from "../vibration/dataset.ts";
import { CLASSES } from "../vibration/signal.ts";
import type { Classifier } from "./classifier.ts";
import { logPowers, planSpectrum, type Spectrum } from "./spectrum.ts";
import { centred, type Scaling, scaled, scalingOf } from "./standardise.ts";

const HIGHEST_HZ = 1000;
const HIDDEN = 32;
const SEED = 20;
const SCHEDULE: Schedule = { epochs: 15, batchSamples: 32, rate: 0.003, weightDecay: 0.1 };

export type Mlp = Classifier & {
  readonly spectrum: Spectrum;
  /** Of each log power. */
  readonly scaling: Scaling;
  readonly hidden: WeightedLayer;
  readonly output: WeightedLayer;
};

export function trainMlp(samples: readonly Sample[]): Mlp {
  const random = seededRandom(SEED);
  const spectrum = planSpectrum(HIGHEST_HZ);
  const powers = samples.map(({ window }) => logPowers(spectrum, centred(window)));
  const scaling = scalingOf(powers);
  const hidden = dense(spectrum.bins, HIDDEN, random);
  const output = dense(HIDDEN, CLASSES.length, random);
  const network = sequence([hidden, relu(HIDDEN), output]);
  const examples = powers.map((row, n) => ({
    input: scaled(row, scaling),
    label: (samples[n] as Sample).label,
  }));
  fit(network, examples, { ...SCHEDULE, random });
  const logits = (window: Float32Array): Float64Array =>
    network.forward(scaled(logPowers(spectrum, centred(window)), scaling));
  return { spectrum, scaling, hidden, output, logits };
}
