import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { asciiText } from "../../../../src/runtime/wire/json/ascii-text.ts";

suite("text of ASCII bytes", () => {
  test("texts of one hash stay apart, whichever came last", () => {
    const bytes = Buffer.from("inputs outputs input");
    const ranges = [
      { start: 0, end: 6 },
      { start: 7, end: 14 },
      { start: 15, end: 20 },
      { start: 0, end: 5 },
      { start: 0, end: 0 },
    ];
    const expected = ["inputs", "outputs", "input", "input", ""];
    for (let round = 0; round < 3; round += 1) {
      const texts = ranges.map((range) => asciiText(bytes, { ...range, hash: 7 }));
      assert.deepEqual(texts, expected);
    }
  });

  test("a long text is taken as it is", () => {
    const bytes = Buffer.alloc(1000, "a");
    assert.equal(asciiText(bytes, { start: 0, end: 1000, hash: 0 }), "a".repeat(1000));
  });

  test("a negative hash has its place too", () => {
    const range = { start: 0, end: 1, hash: -5 };
    assert.equal(asciiText(Buffer.from("x"), range), "x");
    assert.equal(asciiText(Buffer.from("x"), range), "x");
  });
});
