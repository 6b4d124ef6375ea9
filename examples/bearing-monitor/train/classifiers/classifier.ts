/** What do both models have in common, and how well does one of them do? */

import type { Sample } from "../vibration/dataset.ts";
import { CLASSES } from "../vibration/signal.ts";

export const INPUT = "vibration";
export const OUTPUT = "probabilities";

export type Classifier = {
  /** The logarithms of the odds of each class; valid until the next call. */
  readonly logits: (window: Float32Array) => Float64Array;
};

/** Rows: what it is. Columns: what the model says. */
export type Confusion = readonly (readonly number[])[];

export function mostLikely(scores: ArrayLike<number>): number {
  const all = Array.from(scores);
  return all.indexOf(Math.max(...all));
}

export function confusionOf(labels: readonly number[], predicted: readonly number[]): Confusion {
  const counts = CLASSES.map(() => CLASSES.map(() => 0));
  for (const [n, label] of labels.entries()) {
    const row = counts[label] ?? [];
    const column = predicted[n] ?? 0;
    row[column] = (row[column] ?? 0) + 1;
  }
  return counts;
}

export function accuracyOf(confusion: Confusion): number {
  const right = confusion.reduce((sum, row, label) => sum + (row[label] ?? 0), 0);
  return right / confusion.flat().reduce((sum, count) => sum + count, 0);
}

export function judge(classifier: Classifier, samples: readonly Sample[]): Confusion {
  return confusionOf(
    samples.map(({ label }) => label),
    samples.map(({ window }) => mostLikely(classifier.logits(window))),
  );
}
