/** Which windows are learnt from, and which are held out? */

import { type Random, seededRandom, shuffled } from "../arithmetic/random.ts";
import { CLASSES, simulateWindow } from "./signal.ts";
import { WINDOW_SAMPLES } from "./window.ts";

/** The sensor gives whole thousandths of g, up to ±16 g. */
const COUNTS_PER_G = 1000;
const MOST_COUNTS = 16_000;

export type Sample = {
  /** What the sensor reports, in thousandths of g. */
  readonly counts: Int16Array;
  /** The same in g, as a request carries it. */
  readonly window: Float32Array;
  /** Index into `CLASSES`. */
  readonly label: number;
};

function digitise(window: Float64Array): Int16Array {
  return Int16Array.from(window, (g) => {
    const counts = Math.round(g * COUNTS_PER_G);
    return Math.max(-MOST_COUNTS, Math.min(MOST_COUNTS, counts));
  });
}

export function windowOf(counts: Int16Array): Float32Array {
  return Float32Array.from(counts, (count) => count / COUNTS_PER_G);
}

function simulateSample(label: number, random: Random): Sample {
  const condition = CLASSES[label] ?? "healthy";
  const counts = digitise(simulateWindow(condition, random));
  return { counts, window: windowOf(counts), label };
}

/** The same number of windows of each class, in random order. */
export function simulateSet(perClass: number, seed: number): readonly Sample[] {
  const random = seededRandom(seed);
  const samples = CLASSES.flatMap((_, label) =>
    Array.from({ length: perClass }, () => simulateSample(label, random)),
  );
  return shuffled(samples, random);
}

/** All windows one after the other, little-endian. */
export function encodeCounts(samples: readonly Sample[]): Uint8Array {
  const all = new Int16Array(samples.length * WINDOW_SAMPLES);
  for (const [row, sample] of samples.entries()) all.set(sample.counts, row * WINDOW_SAMPLES);
  return new Uint8Array(all.buffer);
}

/** The condition of each window, by its place in the set. */
export function renderLabels(samples: readonly Sample[]): string {
  const lines = samples.map(({ label }, row) => `${row},${CLASSES[label]}\n`);
  return `window,condition\n${lines.join("")}`;
}

/** A scoring request of these windows: thousandths are short in JSON, and exact. */
export function renderBody(samples: readonly Sample[]): string {
  const rows = samples.map(({ counts }) => Array.from(counts, (count) => count / COUNTS_PER_G));
  return JSON.stringify({ inputs: { vibration: rows } });
}
