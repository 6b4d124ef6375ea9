import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import {
  batchWorkspace,
  jobArgs,
  linesOf,
  numberFiles,
  reportOf,
  USUAL_SCRIPT,
} from "../support/batch.ts";
import { edgewright, edgewrightJson } from "../support/edgewright.ts";
import { REPOSITORY } from "../support/repository.ts";
import { withoutPython } from "../support/script.ts";

void suite("how batch jobs end", { skip: withoutPython() }, () => {
  void test("a process that dies in shutdown() takes nothing from the result", async (t) => {
    const script = `${USUAL_SCRIPT}    os._exit(5)\n`;
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(12, 0) });
    const { code, verdict } = await job("out");
    assert.deepEqual([code, verdict], [0, "complete"]);
    assert.equal(linesOf(folder, "out/append_row.txt").length, 12);
  });

  void test("a worker that is killed in init() is started again, and three times in all", async (t) => {
    const script = (kills: number): string => `
import os, signal
def init():
    with open(os.environ["AZUREML_BI_OUTPUT_PATH"] + "/starts", "a+") as file:
        file.write("x")
        file.flush()
        file.seek(0)
        if len(file.read()) <= ${kills}:
            os.kill(os.getpid(), signal.SIGKILL)
def run(mini_batch):
    return list(mini_batch)
`;
    const files = numberFiles(5, 0);
    const twice = await batchWorkspace(t, { script: script(2), files }).job("out");
    assert.deepEqual([twice.code, twice.totals.retries, twice.totals.failed], [0, 0, 0]);
    const always = await batchWorkspace(t, { script: script(9), files }).job("out");
    assert.deepEqual([always.code, always.codes], [1, ["SCRIPT_FAILED"]]);
    assert.match(always.messages.join(), /killed 3 times while it started: it ended with SIGKILL/);
  });

  void test("a worker that is killed in a later init() costs no mini-batch a try", async (t) => {
    const script = `
import os, signal
def note(name):
    path = os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], name)
    if os.path.exists(path):
        return False
    open(path, "w").close()
    return True
def init():
    if os.path.exists(os.environ["AZUREML_BI_OUTPUT_PATH"] + "/run") and note("again"):
        os.kill(os.getpid(), signal.SIGKILL)
def run(mini_batch):
    if note("run"):
        os._exit(1)
    return list(mini_batch)
`;
    const { job } = batchWorkspace(t, { script, files: numberFiles(5, 0) });
    const { code, totals } = await job("out", "--max-retries=2");
    assert.deepEqual([code, totals.retries, totals.failed], [0, 1, 0]);
  });

  void test("a shard without its result is no part of a merge", async (t) => {
    const { folder, job } = batchWorkspace(t, { files: numberFiles(20, 0) });
    for (const shard of ["0/2", "1/2"]) assert.equal((await job("out", "--shard", shard)).code, 0);
    rmSync(join(folder, "out/shards/1-of-2/append_row.txt"));
    const { code, document } = await edgewrightJson(["batch", "merge", join(folder, "out")]);
    assert.deepEqual([code, document.problems[0]?.code], [1, "BATCH_MERGE"]);
    assert.match(document.problems[0]?.message ?? "", /1-of-2.*cannot be read/u);
  });

  void test("a merged result that was taken away is joined again, one that was changed is told", async (t) => {
    const { folder, job } = batchWorkspace(t, { files: numberFiles(20, 0) });
    for (const shard of ["0/2", "1/2"]) assert.equal((await job("out", "--shard", shard)).code, 0);
    const merge = () => edgewrightJson(["batch", "merge", join(folder, "out")]);
    const result = join(folder, "out/append_row.txt");
    assert.equal((await merge()).code, 0);
    const whole = readFileSync(result, "utf8");
    rmSync(result);
    const again = await merge();
    assert.deepEqual([again.code, again.document["already"]], [0, false]);
    assert.equal(readFileSync(result, "utf8"), whole);
    writeFileSync(result, "short\n");
    const changed = await merge();
    assert.deepEqual([changed.code, changed.document.problems[0]?.code], [1, "BATCH_OUTPUT"]);

    rmSync(result);
    const part = join(folder, "out/shards/0-of-2/append_row.txt");
    writeFileSync(part, readFileSync(part, "utf8").replace("0", "1"));
    const other = await merge();
    assert.deepEqual([other.code, other.document.problems[0]?.code], [1, "BATCH_MERGE"]);
    assert.match(other.document.problems[0]?.message ?? "", /0-of-2.*other bytes/u);
    assert.equal(existsSync(result), false);
  });

  void test("a script that was changed between two starts is warned of, and told in the report", async (t) => {
    const { folder, job } = batchWorkspace(t, { files: numberFiles(103, 12) });
    assert.equal((await job("out", "--error-threshold=3")).code, 3);
    const again = await edgewright(jobArgs(folder, "out", ["--error-threshold=4"]));
    assert.doesNotMatch(again.stderr, /changed/);
    const logged = readFileSync(join(folder, "out/logs/job_error.txt"), "utf8");
    assert.match(logged, /^\S+ 5 items failed, error_threshold is 4\n$/);
    writeFileSync(join(folder, "code/score.py"), `${USUAL_SCRIPT}# better\n`);
    const { code, stderr } = await edgewright(jobArgs(folder, "out", ["--error-threshold=12"]));
    assert.equal(code, 0);
    assert.match(stderr, /warn the script, its variables or its model have changed since a part/);
    assert.equal(existsSync(join(folder, "out/logs/job_error.txt")), false);
    assert.equal(reportOf(folder, "out").sources.length, 2);
  });

  void test("shards that were scored with different scripts or models are not merged", async (t) => {
    const { folder, job } = batchWorkspace(t, {
      deployment: `code_configuration: {code: ./code, scoring_script: score.py}
    model: {path: ./model}`,
      files: numberFiles(20, 0),
      beside: { "model/weights": "1" },
    });
    const merge = () => edgewrightJson(["batch", "merge", join(folder, "out")]);
    await job("out", "--shard=0/2");
    writeFileSync(join(folder, "model/weights"), "2");
    await job("out", "--shard=1/2");
    const { code, document } = await merge();
    assert.deepEqual([code, document.problems[0]?.code], [1, "BATCH_MERGE"]);
    assert.match(document.problems[0]?.message ?? "", /another script or model/u);
    rmSync(join(folder, "out/shards/0-of-2"), { recursive: true });
    writeFileSync(join(folder, "code/note.txt"), "no part of the script\n");
    await job("out", "--shard=0/2");
    assert.equal((await merge()).code, 0);
  });

  void test("the time of starts that were killed is counted", async (t) => {
    const script = `
import os, time
def run(mini_batch):
    time.sleep(0.05)
    with open(os.environ["AZUREML_BI_OUTPUT_PATH"] + "/scored", "a") as file:
        file.write("x\\n")
    return list(mini_batch)
`;
    const { folder, job } = batchWorkspace(t, {
      script,
      settings: { mini_batch_size: "1" },
      files: numberFiles(60, 0),
    });
    const scored = join(folder, "out/scored");
    const begun = performance.now();
    for (let kills = 1; kills <= 5; kills += 1) {
      const child = spawn(
        process.execPath,
        [`${REPOSITORY}bin/edgewright.js`, ...jobArgs(folder, "out", ["--json"])],
        { stdio: "ignore" },
      );
      while (!existsSync(scored) || linesOf(scored).length < kills * 10) await wait(5);
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    assert.equal((await job("out")).code, 0);
    const { elapsedMs, starts, totals } = reportOf(folder, "out");
    const { readMs, runMs, writeMs } = totals.timing;
    assert.equal(starts, 6);
    assert.ok(runMs >= 60 * 50, `${runMs} ms in run()`);
    assert.ok(elapsedMs >= readMs + runMs + writeMs, `${elapsedMs} ms, ${runMs} of them in run()`);
    assert.ok(elapsedMs <= performance.now() - begun);
  });

  void test("a signal while the program is being loaded ends it with 75, and nothing is begun", async (t) => {
    const { folder, job } = batchWorkspace(t, {
      files: numberFiles(12, 0),
      beside: {
        "preload.mjs": `import { register } from "node:module"; register("./hooks.mjs", import.meta.url);`,
        "hooks.mjs": `export async function load(url, context, next) {
  if (url.endsWith("/cli/commands.js")) process.kill(process.pid, process.env.EARLY);
  return next(url, context);
}
`,
      },
    });
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
      const env = { NODE_OPTIONS: `--import=${join(folder, "preload.mjs")}`, EARLY: signal };
      const { code, stderr } = await edgewright(jobArgs(folder, "out", []), { env });
      assert.equal(code, 75);
      assert.equal(stderr, "error BATCH_STOPPED  stopped before it began; start it again\n");
      const { document } = await edgewrightJson(jobArgs(folder, "out", []), { env });
      assert.equal(document.problems[0]?.code, "BATCH_STOPPED");
      assert.equal(existsSync(join(folder, "out")), false);
    }
    assert.equal((await job("out")).code, 0);
  });

  void test("a shard that waits for another process leaves with 75 when it is asked to", async (t) => {
    const script = "import time\ndef run(mini_batch):\n    time.sleep(600)\n";
    const { folder } = batchWorkspace(t, { script, files: numberFiles(5, 0) });
    const start = () => {
      const args = jobArgs(folder, "out", ["--shard=0/1"]);
      const child = spawn(process.execPath, [`${REPOSITORY}bin/edgewright.js`, ...args], {
        stdio: "ignore",
      });
      t.after(() => child.kill("SIGKILL"));
      return child;
    };
    const first = start();
    while (!existsSync(join(folder, "out/shards/0-of-1/.edgewright/progress.json"))) await wait(10);
    const second = start();
    await wait(1_500);
    const exit = once(second, "exit") as Promise<[number | null]>;
    second.kill("SIGTERM");
    assert.equal((await exit)[0], 75);
    assert.equal(first.exitCode, null);
    // As a terminal that is closed.
    const end = once(first, "exit") as Promise<[number | null]>;
    first.kill("SIGHUP");
    assert.equal((await end)[0], 75);
  });

  void test("a holder on another host whose clock is behind keeps its job: its heartbeat moves", async (t) => {
    const { folder, job } = batchWorkspace(t, { files: numberFiles(5, 0) });
    const lease = join(folder, "out/.edgewright/lease");
    mkdirSync(dirname(lease), { recursive: true });
    writeFileSync(lease, JSON.stringify({ host: "far", pid: 1, startTicks: "1", token: "x" }));
    const beat = (): void => {
      const seconds = Date.now() / 1000 - 90;
      utimesSync(lease, seconds, seconds);
    };
    beat();
    const beating = setInterval(beat, 2_000);
    t.after(() => clearInterval(beating));
    const { code, codes, messages } = await job("out");
    assert.deepEqual([code, codes], [1, ["BATCH_BUSY"]]);
    assert.match(messages.join(), /process 1 on far works on this job/);
  });

  void test("more nodes or processes than a spec may ask for are wrong use", async (t) => {
    const { job } = batchWorkspace(t, { files: numberFiles(1, 0) });
    assert.equal((await job("out", "--node-count", "10001")).code, 2);
    assert.equal((await job("out", "--max-concurrency", "1001")).code, 2);
    for (const shard of ["4/4", "a"]) {
      const { code, codes } = await job("out", "--shard", shard);
      assert.deepEqual([code, codes], [2, ["CLI_USAGE"]]);
    }
  });
});
