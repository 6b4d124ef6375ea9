/** The windows that neither model has seen, with what they really are. */

import { readFileSync } from "node:fs";
import { renderBody, type Sample, windowOf } from "./train/vibration/dataset.ts";
import { CLASSES } from "./train/vibration/signal.ts";
import { WINDOW_SAMPLES } from "./train/vibration/window.ts";

const FOLDER = new URL("../../../examples/bearing-monitor/data/", import.meta.url);

export type HeldOut = {
  /** In g, 512 samples each. */
  readonly windows: readonly Float32Array[];
  /** Indices into `classes`. */
  readonly labels: readonly number[];
  /** In the order of the models' probabilities. */
  readonly classes: readonly string[];
  /** A scoring request of one window. */
  readonly body: (n: number) => string;
};

export function loadHeldOut(): HeldOut {
  const names: readonly string[] = CLASSES;
  const labels = readFileSync(new URL("labels.csv", FOLDER), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => names.indexOf(line.split(",")[1] ?? ""));
  const bytes = readFileSync(new URL("held-out.i16", FOLDER));
  const samples = labels.map((label, n): Sample => {
    const counts = Int16Array.from({ length: WINDOW_SAMPLES }, (_, i) =>
      bytes.readInt16LE((n * WINDOW_SAMPLES + i) * 2),
    );
    return { counts, window: windowOf(counts), label };
  });
  return {
    windows: samples.map(({ window }) => window),
    labels,
    classes: CLASSES,
    body: (n) => renderBody(samples.slice(n, n + 1)),
  };
}
