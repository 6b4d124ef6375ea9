import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { isSample, sampleOutput } from "../../../src/core/tensors/recorded-sample.ts";

const floats = (...values: readonly number[]) => ({
  type: "float32" as const,
  dims: [values.length],
  data: Float32Array.from(values),
});

suite("recorded sample", () => {
  test("holds the first eight numbers to three digits", () => {
    const { values, dims } = sampleOutput("y", floats(...Array(9).fill(1.23456)));
    assert.deepEqual(dims, [9]);
    assert.deepEqual(values, Array(8).fill(1.23));
  });

  test("noise far below the largest number, and what is no number, is recorded as 0", () => {
    assert.deepEqual(sampleOutput("y", floats(100, 0.5, -2, Number.NaN)).values, [100, 0, -2, 0]);
  });

  test("halves are numbers, strings are none", () => {
    const halves = { type: "float16" as const, dims: [2], data: Uint16Array.of(0x3c00, 0xc000) };
    assert.deepEqual(sampleOutput("y", halves).values, [1, -2]);
    const words = { type: "string" as const, dims: [1], data: ["yes"] };
    assert.deepEqual(sampleOutput("y", words).values, []);
  });

  test("another kind of CPU answers the same, another model does not", () => {
    const recorded = sampleOutput("y", floats(10, -5, 0.001));
    assert.ok(isSample(recorded, [10.0008, -5.0004, 0.0012]));
    assert.ok(!isSample(recorded, [10, -6, 0]));
    assert.ok(!isSample(recorded, [10, -5]), "an answer that is too short");
    assert.ok(!isSample(recorded, []));
  });
});
