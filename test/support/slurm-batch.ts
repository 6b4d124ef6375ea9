/** The same batch job alone and as an array on Slurm. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";

import type { Totals } from "../../src/runtime/batch/journal/ledger.ts";
import { batchWorkspace, linesOf, numberFiles, reportOf } from "./batch.ts";
import { edgewright, edgewrightJson } from "./edgewright.ts";
import { REPOSITORY } from "./repository.ts";
import type { Slurm } from "./slurm.ts";

export type ArrayJob = {
  /** Gives the id of the array. */
  readonly submit: (slurm: Slurm) => Promise<string>;
  /** Merges, and holds result and totals against those of the undisturbed job. */
  readonly expectEqual: () => Promise<void>;
};

/** @param secondsEach what a mini-batch of five files takes */
export function arrayJob(
  test: TestContext,
  {
    files,
    secondsEach,
    shards = 4,
  }: { readonly files: number; readonly secondsEach: number; readonly shards?: number },
): ArrayJob {
  const { folder, job } = batchWorkspace(test, {
    script: scriptOf(secondsEach),
    deployment: `code_configuration: {code: ./code, scoring_script: score.py}
    resources: {instance_count: ${shards}}`,
    files: numberFiles(files, 3),
  });
  const place = ["--input", join(folder, "in"), "--output", join(folder, "array")];
  return {
    submit: async (slurm) => {
      const spec = join(folder, "spec.yml");
      const rendered = await edgewright(["batch", "render", spec, "--engine", "slurm", ...place]);
      assert.equal(rendered.code, 0, rendered.stderr);
      const script = join(folder, "job.sh");
      writeFileSync(script, rendered.stdout);
      return slurm.submit(script, { EDGEWRIGHT: `${REPOSITORY}bin/edgewright.js` });
    },
    expectEqual: async () => {
      const merged = await edgewrightJson(["batch", "merge", join(folder, "array")]);
      assert.equal(merged.code, 0, JSON.stringify(merged.document.problems));
      // Sixteen workers: what the others do one after the other.
      const alone = await job("alone", "--max-concurrency", String(16 / shards));
      assert.equal(alone.code, 0);
      assert.deepEqual(counted(merged.document["totals"] as Totals), counted(alone.totals));
      assert.deepEqual(
        linesOf(folder, "array/append_row.txt"),
        linesOf(folder, "alone/append_row.txt"),
      );
      assert.equal(reportOf(folder, "array").totals.failed, 3);
    },
  };
}

/** Mini-batches are cut inside of a shard, so their number differs. */
function counted({ files, succeeded, failed, rows }: Totals) {
  return { files, succeeded, failed, rows };
}

function scriptOf(secondsEach: number): string {
  return `
import os, time
def run(mini_batch):
    time.sleep(${secondsEach})
    lines = []
    for path in mini_batch:
        try:
            with open(path) as file:
                lines.append("%s %d" % (os.path.basename(path), int(file.read()) * 2))
        except ValueError:
            pass
    return lines
`;
}
