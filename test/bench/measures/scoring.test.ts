import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { takeTurns } from "../../../bench/measures/scoring.ts";

suite("rounds that take turns", () => {
  test("warm each up once, then let another begin every time", async () => {
    const taken: string[] = [];
    const results = await takeTurns(["ours", "bare"], 3, async (name) => {
      taken.push(name);
      return taken.length;
    });
    assert.deepEqual(taken, ["ours", "bare", "bare", "ours", "ours", "bare", "bare", "ours"]);
    assert.deepEqual(results, [
      [4, 5, 8],
      [3, 6, 7],
    ]);
  });
});
