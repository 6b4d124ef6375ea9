import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { assert as check, float, property } from "fast-check";

import { ByteWriter } from "../../../../src/runtime/wire/json/byte-writer.ts";

function written(value: number): string {
  const writer = new ByteWriter();
  writer.float32(value);
  return Buffer.from(writer.take()).toString();
}

suite("float32 as text", () => {
  test("every float32 reads back as itself from at most nine significant digits", () => {
    check(
      property(float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = written(value);
        const digits = text
          .replace(/e.*$/, "")
          .replace(/[-.]/g, "")
          .replace(/^0+|0+$/g, "");
        return Object.is(Math.fround(Number(text)), value) && digits.length <= 9;
      }),
      { numRuns: 20_000 },
    );
  });

  test("numbers near powers of ten and of two are exact", () => {
    for (let exponent = -45; exponent < 39; exponent += 1) {
      const power = Math.fround(Number(`1e${exponent}`));
      const bits = new Uint32Array(new Float32Array([power]).buffer)[0] ?? 0;
      for (const neighbour of [bits - 1, bits, bits + 1]) {
        const value = new Float32Array(new Uint32Array([neighbour]).buffer)[0] ?? 0;
        if (Number.isFinite(value)) assert.equal(Math.fround(Number(written(value))), value);
      }
    }
  });

  test("short numbers are written short", () => {
    const cases: readonly (readonly [number, string])[] = [
      [0, "0"],
      [-0, "-0"],
      [1, "1"],
      [-2.5, "-2.5"],
      [Math.fround(0.1), "0.1"],
      [Math.fround(123456.7), "123456.7"],
      [16777216, "16777216"],
      [Math.fround(1e-7), "1e-7"],
      [Math.fround(3.4e38), "3.4e+38"],
      [Number.NaN, '"NaN"'],
      [Number.NEGATIVE_INFINITY, '"-Infinity"'],
    ];
    for (const [value, text] of cases) assert.equal(written(value), text);
  });
});
