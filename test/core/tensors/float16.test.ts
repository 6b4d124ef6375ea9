import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { float16ToNumber, numberToFloat16 } from "../../../src/core/tensors/float16.ts";

suite("float16", () => {
  test("every half reads back as itself", () => {
    for (let bits = 0; bits < 0x10000; bits += 1) {
      const value = float16ToNumber(bits);
      if (!Number.isNaN(value)) assert.equal(numberToFloat16(value), bits, `bits ${bits}`);
    }
  });

  test("values between two halves round to the nearer one, and ties to even", () => {
    const cases: readonly (readonly [number, number])[] = [
      [1, 0x3c00],
      [1 + 1 / 2048, 0x3c00],
      [1 + 3 / 2048, 0x3c02],
      [65504, 0x7bff],
      [65519.9, 0x7bff],
      [65520, 0x7c00],
      [2 ** -24, 0x0001],
      [2 ** -25, 0x0000],
      [2 ** -25 * 1.5, 0x0001],
      [-2, 0xc000],
      [Number.POSITIVE_INFINITY, 0x7c00],
      [Number.NEGATIVE_INFINITY, 0xfc00],
    ];
    for (const [value, bits] of cases) assert.equal(numberToFloat16(value), bits, `${value}`);
  });

  test("not a number stays not a number", () => {
    assert.ok(Number.isNaN(float16ToNumber(numberToFloat16(Number.NaN))));
  });
});
