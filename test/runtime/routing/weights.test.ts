import assert from "node:assert/strict";
import { suite, test } from "node:test";

import fc from "fast-check";

import { createPicker } from "../../../src/runtime/routing/weights.ts";

suite("weights", () => {
  test("any window of 100 picks holds every share exactly", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.nat(99), (blue, offset) => {
        const pick = createPicker([
          { name: "blue", weight: blue },
          { name: "green", weight: 100 - blue },
        ]);
        for (let skipped = 0; skipped < offset; skipped += 1) pick();
        const window = Array.from({ length: 100 }, () => pick());
        return window.filter((name) => name === "blue").length === blue;
      }),
    );
  });

  test("a small share is spread out, not bunched", () => {
    const pick = createPicker([
      { name: "blue", weight: 90 },
      { name: "green", weight: 10 },
    ]);
    const picks = Array.from({ length: 100 }, () => pick());
    const places = picks.flatMap((name, index) => (name === "green" ? [index] : []));
    const gaps = places.slice(1).map((place, index) => place - (places[index] ?? 0));
    assert.deepEqual(new Set(gaps), new Set([10]));
  });

  test("without a positive weight nobody is picked", () => {
    assert.equal(createPicker([{ name: "blue", weight: 0 }])(), undefined);
    assert.equal(createPicker([])(), undefined);
  });
});
