import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as fc from "fast-check";
import { timestamp } from "../../../src/packager/image/timestamp.ts";

suite("timestamp", () => {
  test("agrees with Date for every second up to the year 9999", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        const expected = new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
        assert.equal(timestamp(seconds), expected);
      }),
    );
  });

  for (const [seconds, text] of [
    [0, "1970-01-01T00:00:00Z"],
    [951_782_400, "2000-02-29T00:00:00Z"],
    [4_107_542_399, "2100-02-28T23:59:59Z"],
    [4_107_542_400, "2100-03-01T00:00:00Z"],
  ] as const) {
    test(`${seconds} is ${text}`, () => {
      assert.equal(timestamp(seconds), text);
    });
  }
});
