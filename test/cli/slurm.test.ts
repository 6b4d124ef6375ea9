import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { startSlurm, withoutSlurm } from "../support/slurm.ts";
import { arrayJob } from "../support/slurm-batch.ts";
import { withoutPython } from "../support/script.ts";

void suite("a job array on Slurm", { skip: withoutSlurm() || withoutPython() }, () => {
  void test("four shards on two nodes, merged, are the single job", async (t) => {
    const slurm = await startSlurm(t);
    const { submit, expectEqual } = arrayJob(t, { files: 203, secondsEach: 0.01 });
    const job = await submit(slurm);
    await slurm.until(job, (tasks) => tasks.every(({ state }) => state === "COMPLETED"));
    const tasks = await slurm.tasks(job);
    assert.equal(tasks.length, 4);
    assert.deepEqual(new Set(tasks.map(({ node }) => node)), new Set(["n1", "n2"]));
    await expectEqual();
  });
});
