/** Nodes of a Slurm are lost in the middle of a job array; its result is the single job's all the same. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { startSlurm, withoutSlurm } from "../support/slurm.ts";
import type { Slurm, Task } from "../support/slurm.ts";
import { arrayJob } from "../support/slurm-batch.ts";
import { withoutPython } from "../support/script.ts";

/** A shard works for longer than Slurm needs to give a node up. */
const WORK = { files: 803, secondsEach: 1 };
const INTO_THE_WORK_MS = 10_000;

const isRunning = ({ state }: Task): boolean => state === "RUNNING";
const isComplete = ({ state }: Task): boolean => state === "COMPLETED";

/** From the array under way to its end without the first node. */
async function loseNode(slurm: Slurm, job: string, what: "daemon" | "all"): Promise<void> {
  await slurm.until(job, (tasks) => tasks.filter(isRunning).length === 2);
  await wait(INTO_THE_WORK_MS);
  slurm.killNode("n1", what);
  await slurm.until(job, (tasks) => tasks.some(({ restarts }) => restarts === 1));
  await slurm.startNow(job);
  const isAgain = (task: Task): boolean => isRunning(task) && task.restarts === 1;
  await slurm.until(job, (tasks) => tasks.some(isAgain));
  const lost = (await slurm.tasks(job)).find(isAgain);
  assert.ok(lost !== undefined);
  // The successor's program comes up a little later than its task.
  while (!slurm.nodesOf(lost.index).has("n2")) await wait(50);
  const working = [...slurm.nodesOf(lost.index)].toSorted();
  assert.deepEqual(working, what === "daemon" ? ["n1", "n2"] : ["n2"]);
  await slurm.until(job, (tasks) => tasks.every(isComplete));
  const again = (await slurm.tasks(job)).filter(({ restarts }) => restarts > 0);
  assert.deepEqual(
    again.map(({ node }) => node),
    ["n2"],
  );
}

void suite("a Slurm that loses a node", { skip: withoutSlurm() || withoutPython() }, () => {
  void test("with all that runs on it", async (t) => {
    const slurm = await startSlurm(t);
    const { submit, expectEqual } = arrayJob(t, WORK);
    await loseNode(slurm, await submit(slurm), "all");
    await expectEqual();
  });

  void test("while the orphan of its daemon goes on", async (t) => {
    // What is lost finds room at once, while its orphan is at work.
    const slurm = await startSlurm(t, { spare: true });
    const { submit, expectEqual } = arrayJob(t, { ...WORK, shards: 2 });
    await loseNode(slurm, await submit(slurm), "daemon");
    await expectEqual();
  });
});
