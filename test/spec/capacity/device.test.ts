import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { parseDevice } from "../../../src/spec/capacity/device.ts";

const MIB = 2 ** 20;

suite("parseDevice", () => {
  test("CPUs and memory, with the reserve of every device", () => {
    const read = parseDevice("cpus=4,memory=8Gi");
    assert.ok(read.ok);
    assert.deepEqual(read.value, {
      cpus: 4,
      memoryBytes: 8192 * MIB,
      reserve: { cpus: 0.25, memoryBytes: 512 * MIB },
    });
  });

  test("a reserve of one's own, which may be 0", () => {
    const read = parseDevice("memory=1G, cpus=500m, reserve.cpus=0, reserve.memory=64Mi");
    assert.ok(read.ok);
    assert.deepEqual(read.value, {
      cpus: 0.5,
      memoryBytes: 1e9,
      reserve: { cpus: 0, memoryBytes: 64 * MIB },
    });
  });

  const REFUSED: readonly (readonly [text: string, message: RegExp])[] = [
    ["", /"" is nothing that a device has/],
    ["cpus=4", /says no memory/],
    ["memory=8Gi", /says no cpus/],
    ["cpus=four,memory=8Gi", /cpus is "four", must be a number of CPUs/],
    ["cpus=4,memory=8Xi", /memory is "8Xi", must be an amount of memory/],
    ["cpus=4,memory=", /memory is "", must be/],
    ["cpu=4,memory=8Gi", /"cpu" is nothing that a device has/],
    ["cpus=4,cpus=2,memory=8Gi", /cpus twice/],
    ["cpus=0,memory=8Gi", /cpus is "0"/],
  ];
  for (const [text, message] of REFUSED) {
    test(`${JSON.stringify(text)} is refused, with a hint`, () => {
      const read = parseDevice(text);
      assert.equal(read.ok, false);
      assert.match(read.problems[0]?.message ?? "", message);
      assert.ok(read.problems[0]?.hint);
    });
  }
});
