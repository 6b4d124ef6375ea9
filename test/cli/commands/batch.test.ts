import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { batchWorkspace, jobArgs, linesOf, numberFiles, reportOf } from "../../support/batch.ts";
import { edgewright, edgewrightJson } from "../../support/edgewright.ts";
import { REPOSITORY } from "../../support/repository.ts";
import { withoutPython } from "../../support/script.ts";

/** Starts a job and kills its main process when it is time; gives the exit code where it ended before. */
async function killedWhen(
  folder: string,
  output: string,
  isTime: () => boolean,
): Promise<number | null> {
  const child = spawn(
    process.execPath,
    [`${REPOSITORY}bin/edgewright.js`, ...jobArgs(folder, output, ["--json"])],
    { stdio: "ignore" },
  );
  const exit = once(child, "exit") as Promise<[number | null]>;
  while (child.exitCode === null && !isTime()) await wait(3);
  child.kill("SIGKILL");
  return (await exit)[0];
}

/** Processes whose environment names this output folder. */
function childrenOf(output: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
      return environment.includes(`AZUREML_BI_OUTPUT_PATH=${output}`);
    } catch {
      return false;
    }
  });
}

void suite("batch with a script", { skip: withoutPython() }, () => {
  void test("1,003 files pass with 10 failures, and every number adds up", async (t) => {
    const { folder, job } = batchWorkspace(t, { files: numberFiles(1003, 10) });
    const { code, verdict, totals } = await job("out");
    assert.deepEqual([code, verdict], [0, "complete"]);
    const { miniBatches, failedMiniBatches, files, succeeded, failed, rows, retries } = totals;
    assert.deepEqual(
      { miniBatches, failedMiniBatches, files, succeeded, failed, rows, retries },
      {
        miniBatches: 201,
        failedMiniBatches: 0,
        files: 1003,
        succeeded: 993,
        failed: 10,
        rows: 993,
        retries: 0,
      },
    );
    const lines = linesOf(folder, "out", "append_row.txt");
    assert.equal(lines.length, 993);
    assert.equal(new Set(lines).size, 993);
    assert.ok(lines.includes("f1002.txt 2004"));
    assert.deepEqual(reportOf(folder, "out").totals, totals);
    const processed = "out/logs/sys/job_report/processed_mini-batches.csv";
    const table = readFileSync(join(folder, processed), "utf8").trim().split("\n").slice(1);
    const column = (index: number): number =>
      table.reduce((sum, row) => sum + Number(row.split(",")[index]), 0);
    assert.deepEqual([table.length, column(2), column(3), column(4)], [201, 1003, 993, 10]);
  });

  void test("at 11 failures it fails with 3, and goes on with a higher threshold", async (t) => {
    const { folder, job } = batchWorkspace(t, { files: numberFiles(1003, 11) });
    const failed = await job("out");
    assert.deepEqual([failed.code, failed.verdict, failed.totals.failed], [3, "threshold", 11]);
    assert.deepEqual(failed.codes, ["BATCH_THRESHOLD"]);
    assert.equal(existsSync(join(folder, "out/append_row.txt")), false);
    const again = await job("out");
    assert.deepEqual([again.code, again.totals.files], [3, failed.totals.files]);
    const higher = await job("out", "--error-threshold", "11");
    assert.deepEqual([higher.code, higher.totals.succeeded], [0, 992]);
    assert.equal(linesOf(folder, "out/append_row.txt").length, 992);
  });

  void test("a script that raises is tried three times, and all files of its mini-batch count", async (t) => {
    const script = `
import os
def init(): pass
def run(mini_batch):
    with open(os.environ["AZUREML_BI_OUTPUT_PATH"] + "/tries", "a") as file:
        file.write(os.path.basename(mini_batch[0]) + "\\n")
    if any(path.endswith("f7.txt") for path in mini_batch):
        raise ValueError("seven")
    return [os.path.basename(path) for path in mini_batch]
`;
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(20, 0) });
    const { code, totals } = await job("out");
    assert.equal(code, 0);
    assert.deepEqual(
      [totals.failedMiniBatches, totals.failed, totals.succeeded, totals.retries],
      [1, 5, 15, 2],
    );
    assert.equal(linesOf(folder, "out/tries").length, 6);
    const [error] = reportOf(folder, "out").errors;
    assert.deepEqual(
      [error?.message, error?.tries, error?.files.length],
      ["ValueError: seven", 3, 5],
    );
    assert.match(
      readFileSync(join(folder, "out/logs/user/error.txt"), "utf8"),
      /ValueError: seven/,
    );
  });

  void test("a run() that hangs is killed with its children and counts as a try", async (t) => {
    const script = `
import os, subprocess, time
def run(mini_batch):
    if any(path.endswith("f0.txt") for path in mini_batch):
        subprocess.Popen(["sleep", "600"])
        time.sleep(600)
    return list(mini_batch)
`;
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(10, 0) });
    const { code, totals } = await job("out", "--timeout=1", "--max-retries=2");
    assert.deepEqual([code, totals.failed, totals.retries], [0, 5, 1]);
    assert.match(
      reportOf(folder, "out").errors[0]?.message ?? "",
      /No progress update in \[1\] seconds/,
    );
    assert.deepEqual(childrenOf(join(folder, "out")), []);
  });

  void test("nothing succeeded is 42, whatever the threshold", async (t) => {
    const { job } = batchWorkspace(t, { files: numberFiles(6, 6) });
    const { code, codes } = await job("out", "--error-threshold", "-1");
    assert.deepEqual([code, codes], [42, ["BATCH_NOTHING"]]);
  });

  void test("what is no list fails with Azure's words", async (t) => {
    const script = "def run(mini_batch):\n    return None\n";
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(3, 0) });
    assert.equal((await job("out")).code, 42);
    assert.match(
      reportOf(folder, "out").errors[0]?.message ?? "",
      /list or a pandas DataFrame.*NoneType/,
    );
  });

  void test("init() that fails ends the job with its reason", async (t) => {
    const script =
      "def init():\n    raise OSError('no card')\ndef run(mini_batch):\n    return []\n";
    const { job } = batchWorkspace(t, { script, files: numberFiles(3, 0) });
    const { code, messages } = await job("out");
    assert.equal(code, 1);
    assert.match(messages.join(), /OSError: no card/);
  });

  void test("more rows than files are legal, summary_only keeps none", async (t) => {
    const script = "def run(mini_batch):\n    return [p for p in mini_batch for _ in 'ab']\n";
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(10, 0) });
    const { totals } = await job("out");
    assert.deepEqual([totals.rows, totals.failed, totals.succeeded], [20, 0, 10]);
    const summary = await job("summary", "--output-action", "summary_only");
    assert.deepEqual([summary.code, summary.totals.rows], [0, 20]);
    assert.equal(existsSync(join(folder, "summary/append_row.txt")), false);
  });

  void test(
    "formats: a DataFrame as Azure writes it, CSV with a head, JSON lines, NPY",
    {
      skip: withoutPython("pandas"),
    },
    async (t) => {
      const script = `
import os, pandas
def run(mini_batch):
    return pandas.DataFrame({"n": [int(open(p).read()) for p in mini_batch], "x": [0.5] * len(mini_batch)})
`;
      const { folder, job } = batchWorkspace(t, { script, files: numberFiles(7, 0) });
      for (const format of ["azure", "csv", "jsonl", "npy"]) {
        assert.equal((await job(format, "--format", format)).code, 0, format);
      }
      assert.equal(linesOf(folder, "azure/append_row.txt")[0], "0 0.5");
      assert.deepEqual(
        readFileSync(join(folder, "csv/append_row.txt"), "utf8").split("\n").slice(0, 2),
        ["n,x", "0,0.5"],
      );
      assert.equal(linesOf(folder, "jsonl/append_row.txt")[0], '{"n":0,"x":0.5}');
      const npy = readFileSync(join(folder, "npy/append_row.txt"));
      assert.match(npy.toString("latin1"), /'descr': '<f8', .*'shape': \(7, 2\)/);
      assert.equal(npy.readDoubleLE(npy.length - 8), 0.5);
    },
  );

  void test("JSON lines hold numbers that JSON has no word for as inputs take them", async (t) => {
    const script = `
def run(mini_batch):
    return [{"x": [float("nan"), 1.5], "y": (float("-inf"), float("inf"))} for _ in mini_batch]
`;
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(1, 0) });
    assert.equal((await job("out", "--format=jsonl")).code, 0);
    assert.deepEqual(linesOf(folder, "out/append_row.txt"), [
      '{"x": ["NaN", 1.5], "y": ["-Infinity", "Infinity"]}',
    ]);
  });

  void test("CSV: elements without names do not stand under the names of dicts", async (t) => {
    const script = `
def run(mini_batch):
    return [element(path) for path in mini_batch]
def element(path):
    return {"a": 1} if path.endswith(("f0.txt", "f1.txt")) else [path]
`;
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(4, 0) });
    const errors = (output: string) => reportOf(folder, output).errors.map((one) => one.message);
    const { code } = await job("mixed", "--format=csv", "--mini-batch-size=3");
    assert.equal(code, 0);
    assert.match(errors("mixed")[0] ?? "", /some elements of one mini-batch are dicts/);
    const apart = await job("apart", "--format=csv", "--mini-batch-size=2");
    assert.deepEqual([apart.code, apart.totals.failed, apart.totals.rows], [0, 2, 2]);
    assert.deepEqual(errors("apart"), ["its rows begin with no names, those before them with a"]);
  });

  void test("a second start of a finished job says so and changes nothing", async (t) => {
    const { folder, job } = batchWorkspace(t, { files: numberFiles(12, 0) });
    await job("out");
    const before = readFileSync(join(folder, "out/append_row.txt"));
    rmSync(join(folder, "in"), { recursive: true });
    const again = await job("out");
    assert.deepEqual([again.code, again.already], [0, true]);
    assert.deepEqual(readFileSync(join(folder, "out/append_row.txt")), before);
  });

  void test("another job's folder and a foreign file are refused", async (t) => {
    const { folder, job } = batchWorkspace(t, { files: numberFiles(12, 0) });
    await job("out");
    const other = await job("out", "--mini-batch-size=3");
    assert.deepEqual([other.code, other.codes], [1, ["BATCH_OUTPUT"]]);
    writeFileSync(join(folder, "append_row.txt"), "mine\n");
    const foreign = await job(".");
    assert.deepEqual([foreign.code, foreign.codes], [1, ["BATCH_OUTPUT"]]);
    assert.equal(readFileSync(join(folder, "append_row.txt"), "utf8"), "mine\n");
    assert.equal(existsSync(join(folder, ".edgewright")), false);
  });

  void test("wrong use is 2, an absent or empty input 1", async (t) => {
    const { folder, job } = batchWorkspace(t, { files: numberFiles(1, 0) });
    assert.equal((await job("out", "--mini-batch-size=0")).code, 2);
    assert.equal((await job("out", "--format=xml")).code, 2);
    const long = await job("out", `--output-file-name=${"é".repeat(128)}`);
    assert.deepEqual([long.code, long.codes], [2, ["CLI_USAGE"]]);
    assert.match(long.messages.join(), /256 bytes/);
    assert.equal((await job("out", "--output-file-name=a\nb")).code, 2);
    assert.equal(existsSync(join(folder, "out")), false);
    assert.equal((await edgewright(["batch", join(folder, "spec.yml")])).code, 2);
    rmSync(join(folder, "in/f0.txt"));
    assert.deepEqual((await job("out")).codes, ["BATCH_INPUT"]);
    assert.equal(existsSync(join(folder, "out/.edgewright")), false);
    rmSync(join(folder, "in"), { recursive: true });
    assert.deepEqual((await job("out")).codes, ["BATCH_INPUT"]);
  });

  void test("a job that is killed again and again writes what an undisturbed one writes", async (t) => {
    const script = `
import os, time
def run(mini_batch):
    time.sleep(0.02)
    with open(os.environ["AZUREML_BI_OUTPUT_PATH"] + "/scored", "a") as file:
        file.write("".join(path + "\\n" for path in mini_batch))
    return [os.path.basename(path) for path in mini_batch]
`;
    const count = 1000;
    const settings = { max_concurrency_per_instance: "2" };
    const { folder, job } = batchWorkspace(t, { script, settings, files: numberFiles(count, 0) });
    let kills = 0;
    const scored = join(folder, "out/scored");
    const bytesScored = (): number => (existsSync(scored) ? statSync(scored).size : 0);
    while (kills < 6) {
      const mark = bytesScored() + 2000 + kills * 333;
      assert.equal(await killedWhen(folder, "out", () => bytesScored() > mark), null);
      kills += 1;
      for (let tries = 0; childrenOf(join(folder, "out")).length > 0; tries += 1) {
        assert.ok(tries < 100, "a child outlives the kill");
        await wait(20);
      }
    }
    assert.equal((await job("out")).code, 0);
    await job("whole");
    assert.deepEqual(
      linesOf(folder, "out/append_row.txt"),
      linesOf(folder, "whole/append_row.txt"),
    );
    const again = linesOf(folder, "out/scored").length - count;
    assert.ok(again <= kills * 2 * 5, `${again} files were scored again after ${kills} kills`);
  });

  void test("two at once are refused, a signal stops with 75, status tells both", async (t) => {
    const script =
      "import time\ndef run(mini_batch):\n    time.sleep(0.3)\n    return list(mini_batch)\n";
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(200, 0) });
    const child = spawn(
      process.execPath,
      [`${REPOSITORY}bin/edgewright.js`, ...jobArgs(folder, "out", ["--json"])],
      { stdio: "ignore" },
    );
    const exit = once(child, "exit") as Promise<[number | null]>;
    while (!existsSync(join(folder, "out/.edgewright/progress.json"))) await wait(20);
    const second = await job("out");
    assert.deepEqual([second.code, second.codes], [1, ["BATCH_BUSY"]]);
    const status = await edgewright(["batch", "status", join(folder, "out")]);
    assert.match(status.stdout, new RegExp(`numbers/blue: running by process ${child.pid}`));
    child.kill("SIGTERM");
    assert.equal((await exit)[0], 75);
    const after = await edgewright(["batch", "status", join(folder, "out")]);
    assert.match(after.stdout, /numbers\/blue: stopped/);
  });

  void test("--input-list takes what it names, --dry-run scores nothing", async (t) => {
    const { folder, job } = batchWorkspace(t, { files: numberFiles(30, 0) });
    writeFileSync(join(folder, "list"), "f3.txt\nf4.txt\n");
    const dry = await edgewrightJson(jobArgs(folder, "dry", ["--dry-run"]));
    assert.deepEqual([dry.code, dry.document["files"], dry.document["miniBatches"]], [0, 30, 6]);
    assert.equal(existsSync(join(folder, "dry")), false);
    await job("out", "--input-list", join(folder, "list"));
    assert.deepEqual(linesOf(folder, "out/append_row.txt"), ["f3.txt 6", "f4.txt 8"]);
    writeFileSync(join(folder, "in/..b.txt"), "7");
    writeFileSync(join(folder, "list"), "..b.txt\n");
    await job("dots", "--input-list", join(folder, "list"));
    assert.deepEqual(linesOf(folder, "dots/append_row.txt"), ["..b.txt 14"]);
    writeFileSync(join(folder, "list"), "\n");
    const none = await job("none", "--input-list", join(folder, "list"));
    assert.deepEqual(none.messages, [`${join(folder, "list")} names no file`]);
    writeFileSync(join(folder, "list"), "../spec.yml\n");
    const outside = await job("other", "--input-list", join(folder, "list"));
    assert.deepEqual([outside.code, outside.codes], [1, ["BATCH_INPUT"]]);
  });
});
