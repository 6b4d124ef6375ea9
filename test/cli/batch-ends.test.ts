import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { batchWorkspace, linesOf, numberFiles, USUAL_SCRIPT } from "../support/batch.ts";
import { edgewrightJson } from "../support/edgewright.ts";
import { withoutPython } from "../support/script.ts";

void suite("how batch jobs end", { skip: withoutPython() }, () => {
  void test("a process that dies in shutdown() takes nothing from the result", async (t) => {
    const script = `${USUAL_SCRIPT}    os._exit(5)\n`;
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(12, 0) });
    const { code, verdict } = await job("out");
    assert.deepEqual([code, verdict], [0, "complete"]);
    assert.equal(linesOf(folder, "out/append_row.txt").length, 12);
  });

  void test("a shard without its result is no part of a merge", async (t) => {
    const { folder, job } = batchWorkspace(t, { files: numberFiles(20, 0) });
    for (const shard of ["0/2", "1/2"]) assert.equal((await job("out", "--shard", shard)).code, 0);
    rmSync(join(folder, "out/shards/1-of-2/append_row.txt"));
    const { code, document } = await edgewrightJson(["batch", "merge", join(folder, "out")]);
    assert.deepEqual([code, document.problems[0]?.code], [1, "BATCH_MERGE"]);
    assert.match(document.problems[0]?.message ?? "", /1-of-2.*cannot be read/u);
  });

  void test("more nodes or processes than a spec may ask for are wrong use", async (t) => {
    const { job } = batchWorkspace(t, { files: numberFiles(1, 0) });
    assert.equal((await job("out", "--node-count", "10001")).code, 2);
    assert.equal((await job("out", "--max-concurrency", "1001")).code, 2);
  });
});
