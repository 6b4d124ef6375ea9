import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { cutWeights, placeTensors } from "../../../src/model/prepare/cut.ts";

const MIB = 1 << 20;
const sized = (...sizes: readonly number[]): readonly { bytes: number }[] =>
  sizes.map((bytes) => ({ bytes }));
const sizesOf = (tensors: readonly { bytes: number }[]): readonly number[] =>
  tensors.map(({ bytes }) => bytes);

suite("cutWeights", () => {
  for (const [what, sizes, body, head] of [
    ["no tensors", [], [], []],
    ["one tensor of any size is the head", [40 * MIB], [], [40 * MIB]],
    [
      "the last tensors that together stay within 1 MiB",
      [MIB, MIB / 2, MIB / 2],
      [[MIB]],
      [MIB / 2, MIB / 2],
    ],
    ["one byte over 1 MiB stays below", [MIB / 2 + 1, MIB / 2], [[MIB / 2 + 1]], [MIB / 2]],
    [
      "files are cut at tensor borders, at about 16 MiB",
      [9 * MIB, 7 * MIB, 1, MIB],
      [[9 * MIB, 7 * MIB], [1]],
      [MIB],
    ],
    [
      "a larger tensor is a file of its own",
      [MIB, 30 * MIB, MIB, MIB],
      [[MIB], [30 * MIB], [MIB]],
      [MIB],
    ],
    [
      "the gaps between small tensors count in the head",
      Array.from({ length: 300 }, () => 1024),
      [Array.from({ length: 44 }, () => 1024)],
      Array.from({ length: 256 }, () => 1024),
    ],
    [
      "the gaps between small tensors count in the body",
      [...Array.from({ length: 5000 }, () => 1024), MIB],
      [Array.from({ length: 4096 }, () => 1024), Array.from({ length: 904 }, () => 1024)],
      [MIB],
    ],
    [
      "large models have larger files",
      [...Array.from({ length: 64 }, () => 16 * MIB), MIB],
      Array.from({ length: 32 }, () => [16 * MIB, 16 * MIB]),
      [MIB],
    ],
  ] as const) {
    test(what, () => {
      const cut = cutWeights(sized(...sizes));
      assert.deepEqual(cut.body.map(sizesOf), body);
      assert.deepEqual(sizesOf(cut.head), head);
    });
  }

  test("a model of 2 GB of even tensors has less than 70 files", () => {
    const { body } = cutWeights(sized(...Array.from({ length: 500 }, () => 4 * MIB + 12)));
    assert.ok(body.length > 20 && body.length < 70, String(body.length));
  });

  test("every tensor begins at a multiple of 4096", () => {
    const placed = placeTensors(sized(1024, 4096, 5000, 1));
    assert.deepEqual(
      placed.map(({ offset }) => offset),
      [0, 4096, 8192, 16384],
    );
  });
});
