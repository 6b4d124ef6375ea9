import assert from "node:assert/strict";
import { suite, test } from "node:test";

import * as fc from "fast-check";

import { editDistance, nearest } from "../../../src/spec/text/suggest.ts";

suite("nearest", () => {
  const KEYS = ["name", "type", "traffic", "deployments", "description", "request_timeout_ms"];
  const CASES: readonly (readonly [word: string, meant: string | undefined])[] = [
    ["nmae", "name"],
    ["Name", "name"],
    ["trafic", "traffic"],
    ["deploymnets", "deployments"],
    ["request_timeout", "request_timeout_ms"],
    ["timeout", undefined],
    ["x", undefined],
    ["", undefined],
  ];
  for (const [word, meant] of CASES) {
    test(`${JSON.stringify(word)}: ${meant}`, () => assert.equal(nearest(word, KEYS), meant));
  }
});

suite("editDistance", () => {
  test("is a distance: 0 to itself alone, the same both ways, at most the longer length", () => {
    const words = fc.stringMatching(/^[abc]{0,8}$/);
    fc.assert(
      fc.property(words, words, (a, b) => {
        assert.equal(editDistance(a, b) === 0, a === b);
        assert.equal(editDistance(a, b), editDistance(b, a));
        assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
        assert.ok(editDistance(a, b) >= Math.abs(a.length - b.length));
      }),
    );
  });

  test("a swap of neighbours is one step", () => assert.equal(editDistance("ab", "ba"), 1));
});
