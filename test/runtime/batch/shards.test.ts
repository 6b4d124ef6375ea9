import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { UserError } from "../../../src/core/problem.ts";
import { isInShard, parseShard } from "../../../src/runtime/batch/shards/shards.ts";

void suite("shards", () => {
  const ENGINES = [
    ["JOB_COMPLETION_INDEX", "2"],
    ["SLURM_ARRAY_TASK_ID", "2"],
    ["AWS_BATCH_JOB_ARRAY_INDEX", "2"],
    ["BATCH_TASK_INDEX", "2"],
    ["NOMAD_ALLOC_INDEX", "2"],
    ["PARALLEL_SEQ", "3"],
  ] as const;
  for (const [name, value] of ENGINES) {
    void test(`auto takes the index from ${name}`, () => {
      const env = { [name]: value, EDGEWRIGHT_SHARDS: "4", SLURM_ARRAY_TASK_COUNT: "1" };
      assert.deepEqual(parseShard("auto", env), { index: 2, count: 4 });
    });
  }

  const REFUSED: readonly (readonly [string, Record<string, string>, RegExp])[] = [
    ["4/4", {}, /'4\/4', expected i\/n/],
    ["one", {}, /'one', expected i\/n/],
    ["auto", {}, /no engine's index variable/],
    ["auto", { JOB_COMPLETION_INDEX: "0" }, /EDGEWRIGHT_SHARDS is not set/],
    ["auto", { JOB_COMPLETION_INDEX: "4", EDGEWRIGHT_SHARDS: "4" }, /there are 4 shards/],
    ["auto", { PARALLEL_SEQ: "0", EDGEWRIGHT_SHARDS: "4" }, /PARALLEL_SEQ is '0'/],
    ["auto", { JOB_COMPLETION_INDEX: "0", PARALLEL_SEQ: "1", EDGEWRIGHT_SHARDS: "2" }, /both/],
  ];
  for (const [text, env, message] of REFUSED) {
    void test(`'${text}' with ${JSON.stringify(env)} is an error`, () => {
      assert.throws(
        () => parseShard(text, env),
        (error) => error instanceof UserError && message.test(error.message),
      );
    });
  }

  void test("every path is in one shard, and shards are about as large", () => {
    const count = 7;
    const sizes = Array.from({ length: count }, () => 0);
    for (let path = 0; path < 14_000; path += 1) {
      const mine = sizes.flatMap((_, index) =>
        isInShard(`a/b${path}.txt`, { index, count }) ? [index] : [],
      );
      assert.equal(mine.length, 1);
      sizes[mine[0] ?? 0] = (sizes[mine[0] ?? 0] ?? 0) + 1;
    }
    for (const size of sizes) assert.ok(size > 1800 && size < 2200, sizes.join());
  });
});
