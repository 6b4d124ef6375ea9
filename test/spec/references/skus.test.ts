import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { resolveSku } from "../../../src/spec/references/skus.ts";

const AT = { file: "spec.yml", line: 1, col: 1, path: "instance_type" };

suite("resolveSku", () => {
  const CASES: readonly (readonly [written: string, cpus: number, gib: number, says: string[]])[] =
    [
      ["Standard_F4s_v2", 4, 8, []],
      ["STANDARD_F4S_V2", 4, 8, []],
      ["standard_ds3_v2", 4, 14, []],
      ["Standard_FS4_v2", 4, 8, ["warning"]],
      ["standard_fs2_v2", 2, 4, ["warning"]],
      ["Standard_NC6s_v3", 6, 112, ["note"]],
    ];
  for (const [written, cpus, gib, says] of CASES) {
    test(`${written} has ${cpus} CPUs and ${gib} GiB`, () => {
      const read = resolveSku(written, AT);
      assert.ok(read.ok);
      assert.deepEqual([read.value.cpus, read.value.memoryBytes], [cpus, gib * 2 ** 30]);
      assert.deepEqual(
        read.problems.map(({ severity }) => severity),
        says,
      );
    });
  }

  test("an unknown size is refused, with the one that is meant", () => {
    assert.match(resolveSku("Standard_F4_v2", AT).problems[0]?.hint ?? "", /Standard_F4s_v2/);
    assert.match(resolveSku("Standard_FS5_v2", AT).problems[0]?.hint ?? "", /Standard_/);
    assert.match(resolveSku("m5.large", AT).problems[0]?.hint ?? "", /resources/);
  });
});
