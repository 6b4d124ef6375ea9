/** Pieces of a batch job: each on its own, started twice, and joined. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { batchWorkspace, jobArgs, linesOf, numberFiles, reportOf } from "../support/batch.ts";
import type { Job } from "../support/batch.ts";
import { edgewright, edgewrightJson } from "../support/edgewright.ts";
import { REPOSITORY } from "../support/repository.ts";
import { withoutPython } from "../support/script.ts";

/** Every file below a folder, with its bytes. */
function contentsOf(folder: string): Readonly<Record<string, string>> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path, "latin1")]));
}

void suite("shards of a batch job", { skip: withoutPython() }, () => {
  void test("four shards, merged, are the whole job; a missing one is refused", async (t) => {
    const { folder, job } = batchWorkspace(t, { files: numberFiles(103, 4) });
    const whole = await job("whole");
    for (const index of [0, 1, 3]) await job("out", `--shard=${index}/4`);
    const merge = () => edgewrightJson(["batch", "merge", join(folder, "out")]);
    const early = await merge();
    assert.equal(early.code, 1);
    assert.match(early.document.problems[0]?.message ?? "", /shard 2 of 4 is missing/);
    assert.equal((await job("out", "--shard=2/4")).code, 0);
    const { code, document } = await merge();
    assert.equal(code, 0);
    const { files, succeeded, failed, rows } = whole.totals;
    const merged = document["totals"] as typeof whole.totals;
    assert.deepEqual(
      [merged.files, merged.succeeded, merged.failed, merged.rows],
      [files, succeeded, failed, rows],
    );
    assert.deepEqual(
      linesOf(folder, "out/append_row.txt"),
      linesOf(folder, "whole/append_row.txt"),
    );
    assert.equal((await merge()).document["already"], true);
    const status = await edgewright(["batch", "status", join(folder, "out")]);
    assert.match(
      status.stdout,
      new RegExp(`\\nmerged: ${rows} rows in ${folder}/out/append_row.txt\\n`),
    );
  });

  void test("a job that Kubernetes would refuse is not rendered", async (t) => {
    const { folder } = batchWorkspace(t, { files: numberFiles(1, 0) });
    const render = (...flags: readonly string[]) =>
      edgewrightJson(
        ["batch", "render", join(folder, "spec.yml"), "--engine=kubernetes", "--image=a:1"].concat(
          flags,
        ),
      );
    const wrong = await render("--claim=My_Files", "--input=/elsewhere");
    const messages = wrong.document.problems.map(({ message }) => message).join("\n");
    assert.equal(wrong.code, 2);
    assert.match(messages, /--claim is 'My_Files'.*\n.*--input is '\/elsewhere'/);
    assert.equal(wrong.document["text"], undefined);
    assert.equal((await render("--mount=/elsewhere", "--input=/elsewhere")).code, 0);
  });

  void test("shards of another number are foreign to a merge", async (t) => {
    const { folder, job } = batchWorkspace(t, { files: numberFiles(20, 0) });
    for (const shard of ["0/2", "1/2", "0/3"]) await job("out", `--shard=${shard}`);
    const { code, document } = await edgewrightJson(["batch", "merge", join(folder, "out")]);
    assert.equal(code, 1);
    assert.match(
      document.problems[0]?.message ?? "",
      /0-of-3 is one of 3 shards, .*0-of-2 one of 2/,
    );
  });

  void test("a shard over its threshold: merge says 3 by the sum of all, and goes on when all are done", async (t) => {
    const { folder, job } = batchWorkspace(t, { files: numberFiles(103, 12) });
    const out = join(folder, "out");
    const codes: (number | null)[] = [];
    for (const index of [0, 1]) {
      codes.push((await job("out", `--shard=${index}/2`, "--error-threshold=3")).code);
    }
    assert.ok(codes.includes(3), `a shard of 12 failures is over 3: ${codes.join()}`);
    const merge = (...flags: readonly string[]) =>
      edgewrightJson(["batch", "merge", out, ...flags]);
    const over = await merge();
    assert.deepEqual([over.code, over.document["verdict"]], [3, "threshold"]);
    const { failed } = over.document["totals"] as Job["totals"];
    assert.ok(failed > 3, `${failed}`);
    assert.equal(reportOf(folder, "out").totals.failed, failed);
    assert.equal(existsSync(join(out, "append_row.txt")), false);

    const early = await merge("--error-threshold=12");
    assert.deepEqual([early.code, early.document.problems[0]?.code], [1, "BATCH_MERGE"]);
    assert.match(early.document.problems[0]?.message ?? "", /stopped with \d+ failures/);
    for (const index of [0, 1]) {
      const { code } = await job("out", `--shard=${index}/2`, "--error-threshold=12");
      assert.equal(code, 0);
    }
    const tight = await merge("--error-threshold=11");
    assert.deepEqual([tight.code, tight.document["verdict"]], [3, "threshold"]);
    const whole = await merge();
    assert.deepEqual([whole.code, whole.document["verdict"]], [0, "complete"]);
    assert.equal(linesOf(folder, "out/append_row.txt").length, 91);
  });

  void test("who was taken over while it stood still writes nothing when it goes on", async (t) => {
    const script = `
import os, time
def run(mini_batch):
    # It stands still in the middle of a mini-batch, not in the moment of a write.
    print("begun", mini_batch)
    time.sleep(0.3)
    return [os.path.basename(path) for path in mini_batch]
`;
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(40, 0) });
    const args = [...jobArgs(folder, "out", ["--shard=0/1"]), "--json"];
    const first = spawn(process.execPath, [`${REPOSITORY}bin/edgewright.js`, ...args], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    t.after(() => first.kill("SIGKILL"));
    const told = text(first.stdout);
    const exit = once(first, "exit") as Promise<[number | null]>;
    const root = join(folder, "out/shards/0-of-1");
    while (!existsSync(join(root, "logs/user/stdout"))) await wait(10);
    first.kill("SIGSTOP");
    // As the lease of a process that is gone.
    const lease = join(root, ".edgewright/lease");
    const holder = JSON.parse(readFileSync(lease, "utf8")) as object;
    writeFileSync(lease, JSON.stringify({ ...holder, startTicks: "1" }));
    assert.equal((await job("out", "--shard=0/1")).code, 0);
    const before = contentsOf(root);
    first.kill("SIGCONT");
    assert.equal((await exit)[0], 75);
    assert.match(await told, /another process has taken the job over/);
    assert.deepEqual(contentsOf(root), before);
    assert.equal(reportOf(folder, "out/shards/0-of-1").verdict, "complete");
    const { document } = await edgewrightJson(["batch", "status", join(folder, "out")]);
    const [status] = document["jobs"] as { progress: { verdict: string; totals: Job["totals"] } }[];
    assert.deepEqual([status?.progress.verdict, status?.progress.totals.files], ["complete", 40]);
  });

  for (const fate of ["is killed", "ends"] as const) {
    void test(`a shard that is started twice waits while the first works, and when that ${fate} ${fate === "ends" ? "ends with 0" : "takes over"}`, async (t) => {
      const script = `
import os, time
def run(mini_batch):
    time.sleep(0.1)
    with open(os.environ["AZUREML_BI_OUTPUT_PATH"] + "/scored", "a") as file:
        file.write("".join(path + "\\n" for path in mini_batch))
    return [os.path.basename(path) for path in mini_batch]
`;
      const { folder, job } = batchWorkspace(t, { script, files: numberFiles(150, 0) });
      const args = [...jobArgs(folder, "out", ["--shard=0/1"]), "--json"];
      const first = spawn(process.execPath, [`${REPOSITORY}bin/edgewright.js`, ...args], {
        stdio: "ignore",
      });
      t.after(() => first.kill("SIGKILL"));
      const exit = once(first, "exit") as Promise<[number | null]>;
      const scored = join(folder, "out/scored");
      while (!existsSync(scored)) await wait(10);
      const second = job("out", "--shard=0/1");
      if (fate === "is killed") {
        // Long enough for the second to have come and found the first at work.
        await wait(1_500);
        first.kill("SIGKILL");
      }
      const [code] = await exit;
      assert.equal(code, fate === "ends" ? 0 : null);
      const { code: last, already } = await second;
      assert.deepEqual([last, already], [0, fate === "ends"]);
      const rows = linesOf(folder, "out/shards/0-of-1/append_row.txt");
      assert.deepEqual(rows, Object.keys(numberFiles(150, 0)).toSorted());
      const again = linesOf(folder, "out/scored").length - 150;
      assert.ok(again <= (fate === "ends" ? 0 : 5), `${again} files were scored again`);
    });
  }
});
