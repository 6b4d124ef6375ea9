/** Does the simulated vibration show what the physics behind it says? */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  logPowers,
  planSpectrum,
} from "../../../examples/bearing-monitor/train/classifiers/spectrum.ts";
import { centred } from "../../../examples/bearing-monitor/train/classifiers/standardise.ts";
import { simulateSet } from "../../../examples/bearing-monitor/train/vibration/dataset.ts";
import { PASSES_PER_TURN } from "../../../examples/bearing-monitor/train/vibration/machine.ts";
import {
  CLASSES,
  type Condition,
} from "../../../examples/bearing-monitor/train/vibration/signal.ts";
import {
  SAMPLE_RATE_HZ,
  WINDOW_SAMPLES,
} from "../../../examples/bearing-monitor/train/vibration/window.ts";

const spectrum = planSpectrum(1000);

suite("the spectrum", () => {
  test("a tone of 1 g has power 1 in its own bin and nothing two bins away", () => {
    const tone = Float64Array.from({ length: WINDOW_SAMPLES }, (_, i) =>
      Math.sin((2 * Math.PI * 200 * i) / SAMPLE_RATE_HZ),
    );
    const powers = logPowers(spectrum, tone);
    assert.equal(powers.length, 100);
    assert.ok(Math.abs(powers[19] ?? NaN) < 1e-6);
    assert.ok((powers[17] ?? NaN) < Math.log(1.1e-7));
    assert.ok((powers[21] ?? NaN) < Math.log(1.1e-7));
  });
});

suite("simulated vibration", () => {
  const samples = simulateSet(100, 77);

  /** Mean power over the windows of a class, between two frequencies. */
  function power(condition: Condition, lowHz: number, highHz: number): number {
    const windows = samples.filter(({ label }) => CLASSES[label] === condition);
    const bins = windows.flatMap(({ window }) =>
      Array.from(logPowers(spectrum, centred(window)).slice(lowHz / 10 - 1, highHz / 10)),
    );
    return bins.reduce((sum, bin) => sum + Math.exp(bin), 0) / bins.length;
  }

  test("balls pass a dent as often as the tables for a 6205 bearing say", () => {
    assert.ok(Math.abs(PASSES_PER_TURN["outer-race"] - 3.585) < 5e-4);
    assert.ok(Math.abs(PASSES_PER_TURN["inner-race"] - 5.415) < 5e-4);
  });

  test("imbalance shows at the speed of the shaft and nowhere else", () => {
    assert.ok(power("imbalance", 20, 30) > 4 * power("healthy", 20, 30));
    assert.ok(power("imbalance", 400, 900) < 1.5 * power("healthy", 400, 900));
  });

  test("dents make the housing ring", () => {
    for (const race of ["inner-race", "outer-race"] as const) {
      assert.ok(power(race, 550, 750) > 4 * power("healthy", 550, 750), race);
    }
  });

  test("the same seed gives the same windows, another seed others", () => {
    const first = simulateSet(2, 5);
    assert.deepEqual(first, simulateSet(2, 5));
    assert.notDeepEqual(first, simulateSet(2, 6));
  });
});
