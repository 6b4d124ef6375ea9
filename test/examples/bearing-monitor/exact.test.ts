/** Do our own functions agree with the ones of `Math`, as far as those can be trusted? */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { cos, exp, log, sin } from "../../../examples/bearing-monitor/train/arithmetic/exact.ts";

/** Numbers between two bounds, thousands of them, both bounds included. */
function between(low: number, high: number): readonly number[] {
  return Array.from({ length: 5001 }, (_, i) => low + ((high - low) * i) / 5000);
}

suite("functions from exact arithmetic", () => {
  for (const { name, own, theirs, numbers } of [
    { name: "sin", own: sin, theirs: Math.sin, numbers: between(-2000, 2000) },
    { name: "cos", own: cos, theirs: Math.cos, numbers: between(-2000, 2000) },
    { name: "exp", own: exp, theirs: Math.exp, numbers: between(-40, 5) },
    { name: "log", own: log, theirs: Math.log, numbers: between(1e-9, 50) },
  ]) {
    test(`${name} agrees with Math.${name} to 12 digits`, () => {
      for (const x of numbers) {
        const [got, expected] = [own(x), theirs(x)];
        assert.ok(
          Math.abs(got - expected) <= 1e-12 * Math.max(1, Math.abs(expected)),
          `${name}(${x}) = ${got}`,
        );
      }
    });
  }

  test("the logarithm undoes the exponential from the smallest to large numbers", () => {
    for (const x of [-700, -50, -1e-3, 0, 1e-3, 1, 50, 700]) {
      assert.ok(Math.abs(log(exp(x)) - x) <= 1e-12 * Math.max(1, Math.abs(x)), String(x));
    }
  });
});
