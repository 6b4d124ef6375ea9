import assert from "node:assert/strict";
import { suite, test } from "node:test";

import * as fc from "fast-check";

import { KIB, parseCpus, parseMemory, renderMemory } from "../../../src/spec/capacity/quantity.ts";

suite("parseCpus", () => {
  const CASES: readonly (readonly [written: string | number, cpus: number | undefined])[] = [
    [1, 1],
    [0.5, 0.5],
    ["1.5", 1.5],
    ["500m", 0.5],
    [".5", 0.5],
    ["2.", 2],
    [0, undefined],
    ["0m", undefined],
    [-1, undefined],
    ["abc", undefined],
    ["", undefined],
    ["1 CPU", undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
  ];
  for (const [written, cpus] of CASES) {
    test(`${JSON.stringify(written)} is ${cpus}`, () => assert.equal(parseCpus(written), cpus));
  }

  test("thousandths are what they say", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (milli) => {
        assert.equal(parseCpus(`${milli}m`), milli / 1000);
      }),
    );
  });
});

suite("parseMemory", () => {
  const CASES: readonly (readonly [written: string | number, bytes: number | undefined])[] = [
    ["512Mi", 512 * 2 ** 20],
    ["1Gi", 2 ** 30],
    ["1.5Gi", 1.5 * 2 ** 30],
    ["1 Gib", 2 ** 30],
    ["1 GiB", 2 ** 30],
    ["1G", 1e9],
    ["1GB", 1e9],
    ["64k", 64_000],
    ["64Ki", 65_536],
    [1_048_576, 1_048_576],
    ["1048576", 1_048_576],
    ["0Gi", undefined],
    ["-1Gi", undefined],
    ["1Xi", undefined],
    ["Gi", undefined],
    ["1e3Gi", undefined],
    ["9999999Ti", undefined],
  ];
  for (const [written, bytes] of CASES) {
    test(`${JSON.stringify(written)} is ${bytes}`, () => assert.equal(parseMemory(written), bytes));
  }

  test("what is rendered is parsed back", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (kibibytes) => {
        const bytes = kibibytes * KIB;
        assert.equal(parseMemory(renderMemory(bytes)), bytes);
      }),
    );
  });
});
