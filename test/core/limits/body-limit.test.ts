import assert from "node:assert/strict";
import { suite, test } from "node:test";

import {
  bodyLimitBytes,
  bodyRoomBytes,
  memoryProblems,
} from "../../../src/core/limits/body-limit.ts";

const MIB = 2 ** 20;
const deployment = {
  name: "blue",
  memoryBytes: 64 * MIB,
  maxConcurrentRequestsPerInstance: 2,
  model: { needBytes: 60 * MIB, bytes: 999 * MIB },
};

suite("the limit of a request's body", () => {
  for (const [what, over, bytes] of [
    ["no limit of memory", { memoryBytes: null }, 100 * MIB],
    ["much memory", { memoryBytes: 1024 * MIB }, 100 * MIB],
    ["what the model leaves, for each slot", {}, 2 * MIB],
    [
      "a model that was not measured counts with its file",
      { model: { bytes: 24 * MIB } },
      20 * MIB,
    ],
    ["no model of our own", { model: {} }, 32 * MIB],
  ] as const) {
    test(what, () => assert.equal(bodyLimitBytes({ ...deployment, ...over }), bytes));
  }

  test("all bodies together may take what the models leave, or anything where one has no limit", () => {
    const blue = { ...deployment, instances: 2 };
    const green = { ...deployment, instances: 1, memoryBytes: 61 * MIB };
    assert.equal(bodyRoomBytes([blue, green]), 9 * MIB);
    assert.equal(bodyRoomBytes([blue, { ...green, memoryBytes: null }]), Number.POSITIVE_INFINITY);
    assert.equal(bodyRoomBytes([]), Number.POSITIVE_INFINITY);
  });

  test("below 1 MiB it is an error with the numbers", () => {
    const small = { ...deployment, maxConcurrentRequestsPerInstance: 5 };
    const [problem, ...more] = memoryProblems([deployment, small]);
    assert.deepEqual(more, []);
    assert.equal(problem?.severity, "error");
    assert.match(problem?.message ?? "", /64\.0 MiB .* 60\.0 MiB, and 5 request/u);
    assert.match(problem?.hint ?? "", /at least 65 MiB/u);
  });

  test("a batch deployment takes no bodies: its model has to fit", () => {
    const batch = { ...deployment, batch: {}, maxConcurrentRequestsPerInstance: 5 };
    assert.deepEqual(memoryProblems([batch]), []);
    const [problem] = memoryProblems([{ ...batch, memoryBytes: 59 * MIB }]);
    assert.match(problem?.message ?? "", /59\.0 MiB .* needs 60\.0 MiB$/u);
    assert.equal(problem?.hint, "Give blue at least 60 MiB.");
  });
});
