import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { inferDims, shapeFits } from "../../../src/core/tensors/tensor.ts";

suite("shapes", () => {
  test("a count of elements settles at most one symbolic dimension", () => {
    assert.deepEqual(inferDims(["batch", 4], 8), [2, 4]);
    assert.deepEqual(inferDims([2, 4], 8), [2, 4]);
    assert.deepEqual(inferDims([], 1), []);
    assert.equal(inferDims(["batch", 4], 7), undefined);
    assert.equal(inferDims(["batch", "n"], 8), undefined);
    assert.equal(inferDims([2, 4], 7), undefined);
    assert.equal(inferDims(["batch", 0], 0), undefined);
  });

  test("a symbolic dimension takes any size, a number only its own", () => {
    assert.ok(shapeFits(["batch", 4], [9, 4]));
    assert.ok(!shapeFits(["batch", 4], [9, 5]));
    assert.ok(!shapeFits(["batch", 4], [4]));
  });
});
