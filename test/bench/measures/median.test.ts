import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { median, percentile } from "../../../bench/measures/median.ts";

suite("what is typical", () => {
  for (const { values, expected } of [
    { values: [7], expected: 7 },
    { values: [10, 9, 100], expected: 10 },
    { values: [4, 1, 3, 2], expected: 2.5 },
  ]) {
    test(`the median of ${values.join(", ")} is ${expected}`, () => {
      assert.equal(median(values), expected);
    });
  }

  test("there is no median of nothing", () => assert.throws(() => median([]), RangeError));

  test("the 99th percentile of a hundred values is the last but one", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.equal(percentile(values, 99), 99);
    assert.equal(percentile([5], 99), 5);
  });
});
